// A limit to measure against: libfcgi alone, a thread pool that answers constant bytes. Usage: bare SOCKET BYTES
#include <fcgiapp.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 3 || FCGX_Init() != 0) return 2;
    const int socket = FCGX_OpenSocket(argv[1], 512);
    if (socket < 0) return 1;
    const std::string body(std::strtoul(argv[2], nullptr, 10), 'x');
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            FCGX_Request request;
            FCGX_InitRequest(&request, socket, 0);
            while (FCGX_Accept_r(&request) == 0) {
                FCGX_FPrintF(request.out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", static_cast<int>(body.size()));
                FCGX_PutStr(body.data(), static_cast<int>(body.size()), request.out);
                FCGX_Finish_r(&request);
            }
        });
    for (auto& thread : threads) thread.join();
}

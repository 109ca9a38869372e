// Thumbnail: a small copy of a picture that was uploaded.
#pragma once
#include "worker/desk.h"

namespace worker {

// Settles the job whatever happens. One picture at a time in a worker, since each may take 300 MB while it is made.
void make_thumbnail(const domain::Job& job, Desk& desk) noexcept;

}  // namespace worker

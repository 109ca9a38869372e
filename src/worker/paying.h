// Paying: the worker's part in payments: begins them at PayMongo, takes in its events, and asks for what stays open.
#pragma once
#include "worker/desk.h"

namespace worker {

// payment: events that wait; payment-start: the client began to pay; payment-check: asks until it is settled;
// payment-look: asks once, because the client came back.
//
// Settles the job whatever happens: done, put off, or left to whoever took its lease; money is never given up on.
// One thread a job. Throws nothing.
void pay(const domain::Job& job, Desk& desk) noexcept;

}  // namespace worker

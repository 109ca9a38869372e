// Receipt: what was paid, for which part of which project, under a number of the agency's own; as JSON for the page, and as a PDF.
#pragma once
#include "core/route.h"

namespace domain {

// Throw Error 404 where the payment is not this project's, or has no receipt.
core::Reply receipt_json(core::Call& call, core::Id project, core::Id payment);
core::Reply receipt_pdf(core::Call& call, core::Id project, core::Id payment);

}  // namespace domain

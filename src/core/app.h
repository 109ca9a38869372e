// Everything that a route group needs of the core.
#pragma once
#include "core/crypto.h"    // IWYU pragma: export
#include "core/error.h"     // IWYU pragma: export
#include "core/form.h"      // IWYU pragma: export
#include "core/log.h"       // IWYU pragma: export
#include "core/route.h"     // IWYU pragma: export
#include "core/serve.h"     // IWYU pragma: export

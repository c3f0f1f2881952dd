#pragma once
// Moved: the floor below may not look up. Include server/tools/call_scope.hpp; this line goes away.
#include "server/tools/call_scope.hpp"

#pragma once
// Moved below the front, where it is implemented: include server/router/credential_admin.hpp.
#include "server/router/credential_admin.hpp"

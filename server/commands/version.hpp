#pragma once

namespace server {

int run_version(bool json);

} // namespace server

#pragma once

#include <string_view>
#include <vector>

namespace test {

/// A test failure for every message in `answer` (plain, or an event stream) that the official schema of its
/// revision does not allow. `request`: the body that was answered; `version`: its MCP-Protocol-Version
/// header. Without the published schemas nothing is checked, and the output says so.
void expect_official(std::string_view request, std::string_view version, std::string_view answer);

/// The one message of a plain answer; those of an event stream, of which the last one is the response.
std::vector<std::string_view> messages_in(std::string_view body);

} // namespace test

// Requests as bytes: what is read must not depend on the pieces the bytes come in.
#include "fuzz.hpp"

#include "core/http/http_codec.hpp"
#include "support/scripted_stream.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

using fuzz::require;

namespace {

constexpr int kMostRequests = 8;

bool is_plain(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string outcome_of(core::Error const& error) {
    constexpr std::array<int, 6> kStatuses{0, 400, 413, 431, 501, 505};
    int const status = error.status();
    require(std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end(),
            "a refusal has a status we know");
    require(core::is_valid_utf8(error.message()), "a refusal is UTF-8");
    // A head with several faults may be refused for another one when it comes in pieces, or end before its
    // fault shows.
    return "refused";
}

std::string outcome_of(core::HttpRequestHead const& head, core::HttpParseLimits const& limits) {
    require(!head.method.empty() && is_plain(head.method) && is_plain(head.target),
            "the request line is plain");
    require(head.headers.fields().size() <= limits.header_fields, "there are not too many fields");
    std::string text = head.method + " " + head.target + (head.keep_alive ? " keep" : " close");
    for (auto const& [name, value] : head.headers.fields()) {
        require(!name.empty() && is_plain(name) && name.find(':') == std::string::npos,
                "a field name is plain");
        require(is_plain(value), "a field value is plain");
        text.append("\n").append(name).append(": ").append(value);
    }
    return text;
}

core::Task<std::vector<std::string>> read_all(std::string bytes, std::size_t chunk) {
    core::HttpParseLimits limits;
    limits.head_bytes = 512;
    limits.body_bytes = 256;
    limits.header_fields = 8;
    test::ScriptedStream stream(std::move(bytes), chunk);
    auto const reader = core::make_request_reader(stream, limits);
    std::vector<std::string> seen;
    for (int i = 0; i < kMostRequests; ++i) {
        auto const head = co_await reader->read_head();
        if (!head) {
            seen.push_back(outcome_of(head.error()));
            break;
        }
        if (!*head) {
            seen.emplace_back("end");
            break;
        }
        seen.push_back(outcome_of(**head, limits));
        auto const body = co_await reader->read_body();
        if (!body) {
            seen.push_back(outcome_of(body.error()));
            break;
        }
        require(body->size() <= limits.body_bytes, "a body is not too large");
        seen.push_back(*body);
    }
    co_return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(data, size);
    std::size_t const chunk = 1 + input.byte() % 32U;
    std::string const bytes(input.rest());
    auto const whole = fuzz::run_now(read_all(bytes, std::string::npos));
    auto const pieces = fuzz::run_now(read_all(bytes, chunk));
    for (std::size_t i = 0; whole != pieces && i < std::max(whole.size(), pieces.size()); ++i) {
        std::fprintf(stderr,
                     "%zu: '%s' in pieces '%s'\n",
                     i,
                     i < whole.size() ? whole[i].c_str() : "",
                     i < pieces.size() ? pieces[i].c_str() : "");
    }
    require(whole == pieces, "the pieces do not matter");
    return 0;
}

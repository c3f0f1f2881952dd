// The JSON Schema validator: any value under any schema that this program would publish.
#include "fuzz.hpp"

#include "protocol/schema.hpp"

using fuzz::require;
using protocol::Json;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const json =
        core::parse_json(std::string_view(reinterpret_cast<char const*>(data), size), core::JsonLimits());
    Json const* const schema = json ? core::find(*json, "schema") : nullptr;
    Json const* const value = json ? core::find(*json, "value") : nullptr;
    if (schema == nullptr || value == nullptr) {
        return 0;
    }
    auto const findings = protocol::check_schema_supported(*schema);
    for (std::string const& finding : findings) {
        require(core::is_valid_utf8(finding), "a finding is UTF-8");
    }
    if (!findings.empty()) {
        return 0;
    }
    constexpr std::size_t kFew = 3;
    auto const problems = protocol::validate(*schema, *value);
    auto const few = protocol::validate(*schema, *value, kFew);
    require(problems.size() <= protocol::kMaxSchemaProblems && few.size() <= kFew, "an answer is bounded");
    require(few.empty() == problems.empty(), "the bound does not make a value valid");
    for (protocol::SchemaProblem const& problem : problems) {
        require(problem.pointer.empty() || problem.pointer.front() == '/', "a pointer is one");
        std::string const text = to_string(problem);
        require(!text.empty() && core::is_valid_utf8(text), "a problem is said in words");
    }
    if (problems.empty()) {
        Json normal = *value;
        protocol::normalize_integers(*schema, normal);
        require(normal == *value, "an integer is the same number");
        require(protocol::validate(*schema, normal).empty(), "and as valid");
    }
    return 0;
}

#pragma once

#include "core/json.hpp"
#include "protocol/version.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace test {

using core::Json;

/// MCP's published JSON Schema of one revision, when the checkout that brings it lies beside this one. A
/// checker of its own, written against the keywords those files use: it shares no code with
/// protocol/schema.hpp, so that neither can hide the other's mistakes.
class OfficialSchema {
public:
    /// nullptr when the files are not there; the first time, a line on stdout says so.
    static OfficialSchema const* of(protocol::Revision revision);

    explicit OfficialSchema(Json root) : root_(std::move(root)) {}

    /// What `value` breaks of the definition, as `pointer: keyword`; empty = valid.
    std::vector<std::string> violations(std::string_view definition, Json const& value) const;
    bool defines(std::string_view definition) const;

private:
    Json const* definition(std::string_view name) const;
    void
    check(Json const& schema, Json const& value, std::string const& at, std::vector<std::string>& out) const;
    void check_members(Json const& schema,
                       Json const& value,
                       std::string const& at,
                       std::vector<std::string>& out) const;
    void check_combinations(Json const& schema,
                            Json const& value,
                            std::string const& at,
                            std::vector<std::string>& out) const;
    bool accepts(Json const& schema, Json const& value) const;

    Json root_;
};

/// Folder of the published schemas and examples of a revision.
std::string official_folder(protocol::Revision revision);

/// One message a server sent against the official schema: the frame and the definition it belongs under.
/// `method`: of the request that a response answers. Empty = valid or not checked.
std::vector<std::string>
official_violations(protocol::Revision revision, std::string_view method, Json const& message);

} // namespace test

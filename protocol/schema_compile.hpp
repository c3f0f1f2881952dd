#pragma once

#include "protocol/schema_program.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace protocol {

/// Turns a schema into nodes: subschemas wait in a queue and references are resolved when their targets are
/// known, so that no shape of schema makes it recurse.
class SchemaCompiler final {
public:
    explicit SchemaCompiler(SchemaProgram& program) : program_(program) {}

    void compile(Json const& schema);

private:
    class Reference {
    public:
        SchemaNode* node;
        std::string_view target;
        bool dynamic;
    };
    class Keyword {
    public:
        std::string_view name;
        Json const& value;
    };

    SchemaNode* add(Json const& schema, SchemaNode const* parent, std::string step, std::size_t resource);
    void compile_queue();
    void compile_node(SchemaNode& node);
    void compile_keyword(SchemaNode& node, Keyword const& keyword);

    // Each takes the keyword or leaves it to the next.
    bool take_own_rule(SchemaNode& node, Keyword const& keyword);
    bool take_bound(SchemaNode& node, Keyword const& keyword);
    bool take_object_rule(SchemaNode& node, Keyword const& keyword);
    bool take_array_rule(SchemaNode& node, Keyword const& keyword);
    bool take_combination(SchemaNode& node, Keyword const& keyword);
    bool take_later_rule(SchemaNode& node, Keyword const& keyword);
    bool take_older_rule(SchemaNode& node, Keyword const& keyword);

    void enter_resource(SchemaNode& node);
    void open_resource(SchemaNode& node, std::string uri);
    void add_anchor(SchemaNode& node, std::string_view name, bool dynamic);
    void add_reference(SchemaNode& node, Keyword const& keyword, bool dynamic);
    void resolve(Reference const& reference);
    SchemaNode const* target_of(SchemaNode const& node, std::string_view reference, std::string& why_not);

    SchemaNode const* child(SchemaNode& node, Keyword const& keyword);
    Branches children(SchemaNode& node, Keyword const& keyword);
    NamedBranches named_children(SchemaNode& node, Keyword const& keyword);
    Names names(SchemaNode& node, Keyword const& keyword, std::string const& step = {});
    SchemaPattern const* pattern(SchemaNode& node, std::string_view text, std::string const& step);

    /// Reported, and it makes the node refuse values.
    void block(SchemaNode& node, std::string const& step, std::string const& what);
    void report(SchemaNode const& node, std::string const& step, std::string const& what);
    bool expect(bool good, SchemaNode& node, Keyword const& keyword, std::string_view what);
    SchemaDialect dialect(SchemaNode const& node) const { return program_.resources[node.resource].dialect; }

    SchemaProgram& program_;
    std::unordered_map<Json const*, SchemaNode*> known_;
    std::vector<Reference> references_;
    std::size_t compiled_ = 0;
};

} // namespace protocol

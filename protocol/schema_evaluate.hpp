#pragma once

#include "protocol/schema.hpp"
#include "protocol/schema_program.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace protocol {

/// A place in the value. Becomes text only when there is a problem to tell.
class SchemaPlace {
public:
    SchemaPlace() = default;
    SchemaPlace(SchemaPlace const& parent_, std::string_view name_) : parent(&parent_), name(name_) {}
    SchemaPlace(SchemaPlace const& parent_, std::size_t index_) : parent(&parent_), index(index_) {}

    std::string pointer() const;

    SchemaPlace const* parent = nullptr;
    std::string_view name;
    std::size_t index = kUnbounded; ///< of an item; else it has a name
};

/// The members or items of one value that some subschema has looked at (unevaluatedProperties, -Items).
class SchemaMarks {
public:
    void set(std::size_t index, Json const& value);
    bool has(std::size_t index) const noexcept { return index < seen_.size() && seen_[index]; }
    void merge(SchemaMarks const& other);

private:
    std::vector<bool> seen_; // empty until there is something to say
};

/// Checks one value against a program, once.
class SchemaEvaluator final {
public:
    SchemaEvaluator(SchemaProgram const& program, std::size_t max_problems)
        : program_(program), max_problems_(max_problems == 0 ? 1 : max_problems) {}

    std::vector<SchemaProblem> run(Json const& value);

private:
    /// A subschema being evaluated, and those around it: the dynamic scope.
    class Frame {
    public:
        Frame const* outer;
        SchemaNode const& node;
        SchemaPlace const& place;
        std::size_t depth;
    };
    class Visit {
    public:
        Json const& value;
        SchemaPlace const& place;
        Frame const* frame; ///< the subschema that asks
        SchemaMarks* marks; ///< nullptr = nobody asks
        bool tell;          ///< say what is wrong; else the first thing wrong ends it
    };

    bool check(SchemaNode const& node, Visit const& visit);
    bool check_rules(SchemaNode const& node, Visit const& inner);
    bool check_quietly(SchemaNode const& node, Visit const& visit, SchemaMarks* marks);
    bool may_enter(Frame const& frame);

    bool check_object(SchemaNode const& node, Visit const& visit);
    bool check_required(ObjectRules const& rules, Visit const& visit);
    bool check_member(SchemaNode const& node,
                      Visit const& visit,
                      std::string const& name,
                      Json const& member,
                      std::size_t index);
    bool check_array(SchemaNode const& node, Visit const& visit);
    bool check_contains(ArrayRules const& rules, Visit const& visit);
    bool check_unevaluated(SchemaNode const& node, Visit const& visit);

    bool check_combined(SchemaNode const& node, Visit const& visit);
    bool check_any(Branches const& branches, Visit const& visit);
    bool check_one(Branches const& branches, Visit const& visit);
    bool check_condition(CombinedRules const& rules, Visit const& visit);
    bool check_dependent(ObjectRules const& rules, Visit const& visit);
    SchemaNode const& dynamic_target(CombinedRules const& rules, Frame const* frame) const;

    void tell_own(SchemaNode const& node, Visit const& visit);
    void tell_missing(std::string const& name, Visit const& visit, std::string const& why = {});
    void tell_alternatives(Branches const& branches, Visit const& visit);
    void tell(SchemaPlace const& place, std::string found, std::string expected, std::string hint = {});
    void because(std::size_t first, std::string const& why);

    /// true when there is no point in going on after a failure.
    bool enough(bool ok, Visit const& visit) const {
        return stopped_ || (!ok && (!visit.tell || problems_.size() >= max_problems_));
    }
    bool spend(std::size_t steps);
    void stop(std::string pointer, std::string found, std::string expected, std::string hint = {});

    SchemaProgram const& program_;
    std::size_t max_problems_;
    std::size_t steps_ = 0;
    bool stopped_ = false; ///< what was found since says nothing
    std::vector<SchemaProblem> problems_;
};

} // namespace protocol

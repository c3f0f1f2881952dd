#include "protocol/schema_evaluate.hpp"
#include "protocol/schema_words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

// Subschemas that apply to the same value, and how their failures are told.
namespace protocol {

bool SchemaEvaluator::check_combined(SchemaNode const& node, Visit const& visit) {
    CombinedRules const& rules = *node.combined;
    bool ok = true;
    auto const require = [&](SchemaNode const* schema) {
        if (schema != nullptr && !enough(ok, visit)) {
            ok = check(*schema, visit) && ok;
        }
    };
    require(rules.reference);
    if (rules.dynamic_reference != nullptr) {
        require(&dynamic_target(rules, visit.frame));
    }
    for (SchemaNode const* part : rules.all) {
        require(part);
    }
    if (!rules.any.empty() && !enough(ok, visit)) {
        ok = check_any(rules.any, visit) && ok;
    }
    if (!rules.one.empty() && !enough(ok, visit)) {
        ok = check_one(rules.one, visit) && ok;
    }
    if (rules.excluded != nullptr && !enough(ok, visit) && check_quietly(*rules.excluded, visit, nullptr)) {
        ok = false;
        if (visit.tell) {
            tell(visit.place, described(visit.value), opposite(*rules.excluded));
        }
    }
    if (rules.condition != nullptr && !enough(ok, visit)) {
        ok = check_condition(rules, visit) && ok;
    }
    return ok;
}

SchemaNode const& SchemaEvaluator::dynamic_target(CombinedRules const& rules, Frame const* frame) const {
    SchemaNode const* target = rules.dynamic_reference;
    if (!rules.dynamic_name.empty()) {
        for (; frame != nullptr; frame = frame->outer) {
            auto const& anchors = program_.resources[frame->node.resource].dynamic_anchors;
            if (auto const it = anchors.find(rules.dynamic_name); it != anchors.end()) {
                target = it->second; // the outermost wins
            }
        }
    }
    return *target;
}

bool SchemaEvaluator::check_any(Branches const& branches, Visit const& visit) {
    bool fits = false;
    for (SchemaNode const* branch : branches) {
        SchemaMarks marks;
        if (check_quietly(*branch, visit, visit.marks != nullptr ? &marks : nullptr)) {
            fits = true;
            if (visit.marks == nullptr) {
                break; // nobody asks what the others would look at
            }
            visit.marks->merge(marks);
        }
    }
    if (!fits && visit.tell) {
        tell_alternatives(branches, visit);
    }
    return fits;
}

bool SchemaEvaluator::check_one(Branches const& branches, Visit const& visit) {
    Branches fitting;
    for (SchemaNode const* branch : branches) {
        SchemaMarks marks;
        if (check_quietly(*branch, visit, visit.marks != nullptr ? &marks : nullptr)) {
            fitting.push_back(branch);
            if (fitting.size() > 1 && !visit.tell) {
                return false;
            }
            if (visit.marks != nullptr) {
                visit.marks->merge(marks);
            }
        }
    }
    if (fitting.size() == 1) {
        return true;
    }
    if (visit.tell && fitting.empty()) {
        tell_alternatives(branches, visit);
    } else if (visit.tell) {
        tell(visit.place,
             described(visit.value) + " that fits " + std::to_string(fitting.size()) +
                 " alternatives at once",
             "exactly " + alternatives(branches));
    }
    return false;
}

bool SchemaEvaluator::check_condition(CombinedRules const& rules, Visit const& visit) {
    SchemaMarks marks;
    bool const holds = check_quietly(*rules.condition, visit, visit.marks != nullptr ? &marks : nullptr);
    if (stopped_) {
        return false;
    }
    if (holds && visit.marks != nullptr) {
        visit.marks->merge(marks);
    }
    SchemaNode const* schema = holds ? rules.consequence : rules.alternative;
    if (schema == nullptr) {
        return true;
    }
    std::size_t const first = problems_.size();
    bool const ok = check(*schema, visit);
    if (!ok && visit.tell) {
        because(first, condition(*rules.condition, holds));
    }
    return ok;
}

bool SchemaEvaluator::check_dependent(ObjectRules const& rules, Visit const& visit) {
    bool ok = true;
    for (auto const& [name, schema] : rules.dependent_schemas) {
        if (!enough(ok, visit) && visit.value.contains(*name)) {
            std::size_t const first = problems_.size();
            if (!check(*schema, visit)) {
                ok = false;
                because(first, *name + " is given");
            }
        }
    }
    return ok;
}

void SchemaEvaluator::tell_own(SchemaNode const& node, Visit const& visit) {
    Json const& value = visit.value;
    std::string found = described(value);
    std::string expected = expectation(node, &value);
    if (value.is_string() && node.string && node.string->pattern != nullptr &&
        value.get_ref<std::string const&>().size() > kMaxPatternSubjectBytes) {
        found = "a string of " + std::to_string(value.get_ref<std::string const&>().size()) + " bytes";
        expected += ", of at most " + std::to_string(kMaxPatternSubjectBytes) + " bytes";
    } else if (value.is_array() && node.array && node.array->unique) {
        if (auto const equal = equal_items(value)) {
            found += ", its items " + std::to_string(equal->first) + " and " + std::to_string(equal->second) +
                     " equal";
        }
    }
    tell(visit.place, std::move(found), std::move(expected));
}

void SchemaEvaluator::tell_missing(std::string const& name, Visit const& visit, std::string const& why) {
    // What the property is may be said by any of the schemas around that speak of the same object.
    SchemaNode const* property = nullptr;
    for (Frame const* frame = visit.frame; frame != nullptr && &frame->place == &visit.place;
         frame = frame->outer) {
        if (property == nullptr && frame->node.object) {
            property = frame->node.object->property(name);
        }
    }
    std::size_t const first = problems_.size();
    tell(SchemaPlace(visit.place, name),
         "nothing",
         property != nullptr ? expectation(*property) + " (required)" : "a value (required)",
         property != nullptr ? std::string(description_of(*property)) : std::string());
    because(first, why);
}

void SchemaEvaluator::tell_alternatives(Branches const& branches, Visit const& visit) {
    Branches plausible;
    std::copy_if(branches.begin(),
                 branches.end(),
                 std::back_inserter(plausible),
                 [&](SchemaNode const* branch) { return is_plausible(*branch, visit.value); });
    if (plausible.size() == 1) {
        check(*plausible.front(), visit); // the one that was meant says more than the list of all
        return;
    }
    std::string const expected = alternatives(branches);
    tell(visit.place,
         visit.value.is_object() ? "an object that fits none of the alternatives" : described(visit.value),
         expected);
}

void SchemaEvaluator::tell(SchemaPlace const& place,
                           std::string found,
                           std::string expected,
                           std::string hint) {
    if (stopped_ || problems_.size() >= max_problems_) {
        return;
    }
    SchemaProblem problem(place.pointer(), std::move(found), std::move(expected), std::move(hint));
    bool const told = std::any_of(problems_.begin(), problems_.end(), [&](SchemaProblem const& other) {
        return other.pointer == problem.pointer && other.found == problem.found &&
               other.expected == problem.expected;
    });
    if (!told) {
        problems_.push_back(std::move(problem));
    }
}

void SchemaEvaluator::because(std::size_t first, std::string const& why) {
    for (std::size_t i = first; !why.empty() && i < problems_.size(); ++i) {
        std::string& hint = problems_[i].hint;
        if (hint.find("because ") == std::string::npos) {
            hint += (hint.empty() ? "because " : "; because ") + why;
        }
    }
}

} // namespace protocol

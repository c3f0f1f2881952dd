#include "protocol/schema_evaluate.hpp"

#include "core/text/utf8.hpp"
#include "protocol/schema_words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace protocol {
namespace {

bool holds(NumberRules const& rules, Json const& value) {
    long double const number = exact_number(value);
    return (!rules.minimum || number >= *rules.minimum) && (!rules.maximum || number <= *rules.maximum) &&
           (!rules.above || number > *rules.above) && (!rules.below || number < *rules.below) &&
           (rules.divisor == nullptr || is_multiple(value, *rules.divisor));
}

bool holds(StringRules const& rules, std::string const& text) {
    if (rules.shortest != 0 || rules.longest != kUnbounded) {
        std::size_t const length = code_points(text);
        if (length < rules.shortest || length > rules.longest) {
            return false;
        }
    }
    return rules.pattern == nullptr || rules.pattern->matches(text);
}

bool is_within(std::size_t count, std::size_t fewest, std::size_t most) {
    return count >= fewest && count <= most;
}

/// In steps: most rules are one, but some look at the whole value or at a long list.
std::size_t cost_of_own_rules(SchemaNode const& node, Json const& value) {
    constexpr std::size_t kValuesAStep = 16;
    constexpr std::size_t kBytesAStep = 256;
    std::size_t steps = 1;
    if (node.values != nullptr) {
        steps += node.values->size() / kValuesAStep;
    }
    if (node.array && node.array->unique && value.is_array()) {
        steps += 2 * value.size(); // they are sorted
    }
    if (node.string && value.is_string()) {
        steps += value.get_ref<std::string const&>().size() / kBytesAStep;
    }
    return steps;
}

/// Everything that is said about this value itself, not about what it contains.
bool own_rules_hold(SchemaNode const& node, Json const& value) {
    if (node.types != kAnyType && (node.types & types_of(value)) == 0) {
        return false;
    }
    if (node.constant != nullptr && !same_json(*node.constant, value)) {
        return false;
    }
    if (node.values != nullptr && std::none_of(node.values->begin(),
                                               node.values->end(),
                                               [&](Json const& each) { return same_json(each, value); })) {
        return false;
    }
    switch (value.type()) {
    case Json::value_t::string:
        return !node.string || holds(*node.string, value.get_ref<std::string const&>());
    case Json::value_t::array:
        return !node.array || (is_within(value.size(), node.array->fewest, node.array->most) &&
                               !(node.array->unique && equal_items(value)));
    case Json::value_t::object:
        return !node.object || is_within(value.size(), node.object->fewest, node.object->most);
    default:
        return !node.number || !value.is_number() || holds(*node.number, value);
    }
}

} // namespace

std::string SchemaPlace::pointer() const {
    std::vector<SchemaPlace const*> way;
    for (SchemaPlace const* at = this; at->parent != nullptr; at = at->parent) {
        way.push_back(at);
    }
    std::string text;
    for (auto it = way.rbegin(); it != way.rend(); ++it) {
        text = (*it)->index != kUnbounded ? text + "/" + std::to_string((*it)->index)
                                          : child_pointer(text, (*it)->name);
    }
    return text;
}

void SchemaMarks::set(std::size_t index, Json const& value) {
    if (seen_.empty()) {
        seen_.resize(value.size());
    }
    seen_[index] = true;
}

void SchemaMarks::merge(SchemaMarks const& other) {
    if (seen_.size() < other.seen_.size()) {
        seen_.resize(other.seen_.size());
    }
    for (std::size_t i = 0; i < other.seen_.size(); ++i) {
        seen_[i] = seen_[i] || other.seen_[i];
    }
}

std::vector<SchemaProblem> SchemaEvaluator::run(Json const& value) {
    SchemaPlace const place;
    check(program_.root(), Visit{value, place, nullptr, nullptr, true});
    return std::move(problems_);
}

bool SchemaEvaluator::check(SchemaNode const& node, Visit const& visit) {
    if (stopped_ || node.kind == SchemaKind::always) {
        return !stopped_;
    }
    if (node.kind == SchemaKind::never) {
        if (visit.tell) {
            tell(visit.place, described(visit.value), "nothing here");
        }
        return false;
    }
    Frame const frame{visit.frame, node, visit.place, visit.frame != nullptr ? visit.frame->depth + 1 : 1};
    if (!may_enter(frame) || !spend(cost_of_own_rules(node, visit.value))) {
        return false;
    }
    if (!own_rules_hold(node, visit.value)) {
        if (visit.tell) {
            tell_own(node, visit);
        }
        return false;
    }
    if (!node.has_unevaluated()) {
        return check_rules(node, Visit{visit.value, visit.place, &frame, visit.marks, visit.tell});
    }
    // What lies outside of the node does not count for it, so it keeps marks of its own.
    SchemaMarks marks;
    Visit const inner{visit.value, visit.place, &frame, &marks, visit.tell};
    if (!check_rules(node, inner) || !check_unevaluated(node, inner)) {
        return false;
    }
    if (visit.marks != nullptr) {
        visit.marks->merge(marks);
    }
    return true;
}

bool SchemaEvaluator::check_rules(SchemaNode const& node, Visit const& inner) {
    bool ok = true;
    if (node.object && inner.value.is_object()) {
        ok = check_object(node, inner);
    } else if (node.array && inner.value.is_array()) {
        ok = check_array(node, inner);
    }
    if (node.combined && !enough(ok, inner)) {
        ok = check_combined(node, inner) && ok;
    }
    return ok && !stopped_;
}

bool SchemaEvaluator::check_quietly(SchemaNode const& node, Visit const& visit, SchemaMarks* marks) {
    return check(node, Visit{visit.value, visit.place, visit.frame, marks, false});
}

bool SchemaEvaluator::may_enter(Frame const& frame) {
    if (frame.depth > kMaxSchemaDepth) {
        stop(frame.place.pointer(),
             "what takes more than " + std::to_string(kMaxSchemaDepth) + " subschemas within each other",
             "a value that is not nested so deep");
    } else if (!frame.node.blocked.empty()) {
        stop(frame.place.pointer(),
             "a value whose schema cannot be checked here: " + frame.node.blocked,
             "a schema that this server supports",
             "the fault is the schema's, not the value's");
    }
    return !stopped_;
}

bool SchemaEvaluator::spend(std::size_t steps) {
    steps_ += steps;
    if (steps_ > kMaxSchemaSteps && !stopped_) {
        stop({},
             "a value that takes more than " + std::to_string(kMaxSchemaSteps) + " steps to check",
             "a smaller or simpler value");
    }
    return !stopped_;
}

void SchemaEvaluator::stop(std::string pointer, std::string found, std::string expected, std::string hint) {
    stopped_ = true;
    if (problems_.size() >= max_problems_) {
        problems_.pop_back();
    }
    constexpr std::size_t kPointerBytes = 300; // it may come from far down
    if (pointer.size() > kPointerBytes) {
        pointer = std::string(core::utf8_prefix(pointer, kPointerBytes)) + "…";
    }
    problems_.emplace_back(std::move(pointer), std::move(found), std::move(expected), std::move(hint));
}

} // namespace protocol

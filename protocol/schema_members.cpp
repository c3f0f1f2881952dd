#include "protocol/schema_evaluate.hpp"
#include "protocol/schema_words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

// The members of objects and the items of arrays.
namespace protocol {
namespace {

bool is_never(SchemaNode const* node) {
    return node != nullptr && node->kind == SchemaKind::never;
}

std::string items(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " item" : " items");
}

} // namespace

SchemaNode const* ObjectRules::property(std::string_view name) const noexcept {
    auto const it = std::lower_bound(
        properties.begin(), properties.end(), name, [](auto const& one, std::string_view wanted) {
            return one.first < wanted;
        });
    return it != properties.end() && it->first == name ? it->second : nullptr;
}

bool ObjectRules::looks_at_members() const noexcept {
    return !properties.empty() || !patterns.empty() || additional != nullptr || names != nullptr;
}

bool SchemaEvaluator::check_object(SchemaNode const& node, Visit const& visit) {
    ObjectRules const& rules = *node.object;
    bool ok = check_required(rules, visit);
    if (rules.looks_at_members()) {
        constexpr std::size_t kMembersAStep = 8;
        if (!spend(visit.value.size() / kMembersAStep + visit.value.size() * rules.patterns.size())) {
            return false;
        }
        std::size_t index = 0;
        for (auto it = visit.value.begin(); it != visit.value.end() && !enough(ok, visit); ++it, ++index) {
            ok = check_member(node, visit, it.key(), *it, index) && ok;
        }
    }
    if (!rules.dependent_schemas.empty() && !enough(ok, visit)) {
        ok = check_dependent(rules, visit) && ok;
    }
    return ok;
}

bool SchemaEvaluator::check_required(ObjectRules const& rules, Visit const& visit) {
    bool ok = true;
    auto const check_names = [&](Names const& names, std::string const* giver) {
        for (std::string const* name : names) {
            if (enough(ok, visit)) {
                return;
            }
            if (!visit.value.contains(*name)) {
                ok = false;
                if (visit.tell) {
                    tell_missing(*name, visit, giver != nullptr ? *giver + " is given" : std::string());
                }
            }
        }
    };
    check_names(rules.required, nullptr);
    for (auto const& [name, needed] : rules.dependent_required) {
        if (visit.value.contains(*name)) {
            check_names(needed, name);
        }
    }
    return ok;
}

bool SchemaEvaluator::check_member(SchemaNode const& node,
                                   Visit const& visit,
                                   std::string const& name,
                                   Json const& member,
                                   std::size_t index) {
    ObjectRules const& rules = *node.object;
    SchemaPlace const place(visit.place, name);
    Visit const inner{member, place, visit.frame, nullptr, visit.tell};
    bool ok = true;
    bool known = false;
    if (SchemaNode const* property = rules.property(name)) {
        known = true;
        ok = check(*property, inner);
    }
    for (auto const& [pattern, schema] : rules.patterns) {
        if (pattern->matches(name)) {
            known = true;
            ok = check(*schema, inner) && ok;
        }
    }
    if (!known && is_never(rules.additional)) {
        ok = false;
        if (visit.tell) {
            std::vector<std::string_view> names;
            for (auto const& [one, schema] : rules.properties) {
                names.push_back(one);
            }
            tell(place, "an unknown property", "no such property", names_hint(name, names));
        }
    } else if (!known && rules.additional != nullptr) {
        known = true;
        ok = check(*rules.additional, inner);
    }
    if (rules.names != nullptr && !enough(ok, visit)) {
        Json const as_value(name);
        if (!check_quietly(*rules.names, Visit{as_value, place, visit.frame, nullptr, false}, nullptr)) {
            ok = false;
            if (visit.tell) {
                tell(place, "this name of a property", "a name that is " + phrase(*rules.names));
            }
        }
    }
    if (known && visit.marks != nullptr) {
        visit.marks->set(index, visit.value);
    }
    return ok;
}

bool SchemaEvaluator::check_array(SchemaNode const& node, Visit const& visit) {
    ArrayRules const& rules = *node.array;
    bool ok = true;
    for (std::size_t i = 0; i < visit.value.size() && !enough(ok, visit); ++i) {
        SchemaNode const* schema = i < rules.prefix.size() ? rules.prefix[i] : rules.rest;
        if (schema == nullptr) {
            break;
        }
        if (i >= rules.prefix.size() && is_never(schema)) {
            ok = false;
            if (visit.tell) {
                tell(
                    visit.place, described(visit.value), "an array of at most " + items(rules.prefix.size()));
            }
            break;
        }
        ok = check(*schema,
                   Visit{visit.value[i], SchemaPlace(visit.place, i), visit.frame, nullptr, visit.tell}) &&
             ok;
        if (visit.marks != nullptr) {
            visit.marks->set(i, visit.value);
        }
    }
    if (rules.contains != nullptr && !enough(ok, visit)) {
        ok = check_contains(rules, visit) && ok;
    }
    return ok;
}

bool SchemaEvaluator::check_contains(ArrayRules const& rules, Visit const& visit) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < visit.value.size() && !stopped_; ++i) {
        SchemaPlace const place(visit.place, i);
        if (check_quietly(
                *rules.contains, Visit{visit.value[i], place, visit.frame, nullptr, false}, nullptr)) {
            ++count;
            if (visit.marks != nullptr) {
                visit.marks->set(i, visit.value);
            }
        }
    }
    bool const few = count < rules.fewest_contained;
    if (!few && count <= rules.most_contained) {
        return true;
    }
    if (visit.tell) {
        std::size_t const bound = few ? rules.fewest_contained : rules.most_contained;
        tell(visit.place,
             described(visit.value) + " with " + std::to_string(count) + " that fit",
             std::string("an array with at ") + (few ? "least " : "most ") + items(bound) +
                 " that fit: " + phrase(*rules.contains));
    }
    return false;
}

bool SchemaEvaluator::check_unevaluated(SchemaNode const& node, Visit const& visit) {
    Json const& value = visit.value;
    bool const is_object = value.is_object();
    SchemaNode const* schema = is_object && node.object         ? node.object->unevaluated
                               : value.is_array() && node.array ? node.array->unevaluated
                                                                : nullptr;
    if (schema == nullptr) {
        return true;
    }
    bool ok = true;
    std::size_t index = 0;
    for (auto it = value.begin(); it != value.end() && !enough(ok, visit); ++it, ++index) {
        if (visit.marks->has(index)) {
            continue;
        }
        SchemaPlace const place =
            is_object ? SchemaPlace(visit.place, it.key()) : SchemaPlace(visit.place, index);
        if (!is_never(schema)) {
            ok = check(*schema, Visit{*it, place, visit.frame, nullptr, visit.tell}) && ok;
        } else {
            ok = false;
            if (visit.tell && is_object) {
                tell(place,
                     "an unknown property",
                     "no such property",
                     names_hint(it.key(), known_names(node)));
            } else if (visit.tell) {
                tell(place, described(*it), "no such item");
            }
        }
        visit.marks->set(index, value);
    }
    return ok;
}

} // namespace protocol

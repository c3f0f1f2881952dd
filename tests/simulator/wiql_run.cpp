#include "simulator/unicode.hpp"
#include "simulator/wiql.hpp"
#include "simulator/work_item_types.hpp"

#include <algorithm>
#include <cmath>

namespace simulator {
namespace {

std::string fold_text(std::string_view text) {
    return utf16_to_utf8(folded(utf8_to_utf16(text)));
}

class Evaluator {
public:
    explicit Evaluator(WiqlContext const& context) : context_(context) {}
    std::string error;

    bool matches(WiqlCondition const* condition, WorkItem const& item) {
        if (condition == nullptr) {
            return true;
        }
        switch (condition->kind) {
        case WiqlKind::all_of:
            return std::all_of(condition->children.begin(),
                               condition->children.end(),
                               [&](auto const& child) { return matches(child.get(), item); });
        case WiqlKind::any_of:
            return std::any_of(condition->children.begin(),
                               condition->children.end(),
                               [&](auto const& child) { return matches(child.get(), item); });
        case WiqlKind::none_of:
            return !matches(condition->children.front().get(), item);
        case WiqlKind::compare:
            break;
        }
        return compare(*condition, item);
    }

    /// Field values as text; dates in ISO form and numbers as written, so that they can be ordered.
    Json field_value(WorkItem const& item, std::string const& field) const {
        if (field == "System.Id") {
            return item.id;
        }
        if (field == "System.Rev") {
            return item.rev;
        }
        if (field == "System.CommentCount") {
            return item.comments.size();
        }
        if (field == "System.Parent") {
            for (auto const& relation : item.relations) {
                if (relation.rel == "System.LinkTypes.Hierarchy-Reverse") {
                    return relation.target;
                }
            }
            return nullptr;
        }
        auto const found = item.fields.find(field);
        return found == item.fields.end() ? Json() : found->second;
    }

private:
    static bool starts_with_not(std::string const& op) { return op.starts_with("not "); }

    bool compare(WiqlCondition const& condition, WorkItem const& item) {
        std::string op = condition.op;
        bool const negated = starts_with_not(op);
        if (negated) {
            op = op.substr(4);
        }
        Json const actual = field_value(item, condition.field);
        bool result = false;
        if (op == "is empty" || op == "is not empty") {
            bool const blank =
                actual.is_null() || (actual.is_string() && actual.get_ref<std::string const&>().empty());
            result = blank == (op == "is empty");
        } else if (op == "in") {
            result = std::any_of(condition.values.begin(), condition.values.end(), [&](auto const& value) {
                return test(condition.field, "=", actual, value, item);
            });
        } else if (op == "ever") {
            result = std::any_of(item.revisions.begin(), item.revisions.end(), [&](auto const& revision) {
                auto const old = revision.find(condition.field);
                return old != revision.end() &&
                       test(condition.field, "=", old->second, condition.values.front(), item);
            });
        } else if (!condition.values.empty()) {
            result = test(condition.field, op, actual, condition.values.front(), item);
        }
        return result != negated;
    }

    bool test(std::string const& field,
              std::string const& op,
              Json const& actual,
              WiqlValue const& value,
              WorkItem const& item) {
        auto const* definition = find_field(field);
        std::string const type = definition == nullptr ? "string" : definition->type;
        if (value.is_field) {
            auto const* other = find_field(value.text);
            Json const right = other == nullptr ? Json() : field_value(item, other->reference_name);
            return ordered(op, as_text(actual), as_text(right));
        }
        if (type == "identity") {
            return test_identity(op, actual, value);
        }
        if (type == "dateTime") {
            return test_date(op, actual, value);
        }
        if (type == "integer" || type == "double") {
            return test_number(op, actual, value);
        }
        std::string const wanted = resolve_text(value);
        return test_text(field, op, as_text(actual), wanted);
    }

    static std::string as_text(Json const& value) {
        if (value.is_null()) {
            return {};
        }
        return value.is_string() ? value.get<std::string>() : value.dump();
    }

    template <class T>
    static bool ordered(std::string const& op, T const& left, T const& right) {
        if (op == "=") {
            return left == right;
        }
        if (op == "<>") {
            return left != right;
        }
        if (op == "<") {
            return left < right;
        }
        if (op == "<=") {
            return left <= right;
        }
        return op == ">" ? left > right : op == ">=" ? left >= right : false;
    }

    std::string resolve_text(WiqlValue const& value) {
        if (value.macro.empty()) {
            return value.text;
        }
        if (value.macro == "project") {
            if (context_.project == nullptr) {
                error =
                    "TF51011: The specified project does not exist: @project needs a project in the request.";
                return {};
            }
            return context_.project->name;
        }
        if (value.macro == "me") {
            return context_.me == nullptr ? std::string() : context_.me->unique_name;
        }
        error = "The macro '@" + value.macro + "' is not supported.";
        return {};
    }

    /// The word index knows whole words; `x*` at the end stands for the beginning of one.
    static bool holds_words(std::string const& text, std::string wanted) {
        bool const prefix = wanted.ends_with('*');
        if (prefix) {
            wanted.pop_back();
        }
        auto const is_word = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || (c & '\x80') != 0;
        };
        for (std::size_t at = text.find(wanted); at != std::string::npos && !wanted.empty();
             at = text.find(wanted, at + 1)) {
            std::size_t const end = at + wanted.size();
            bool const begins = at == 0 || !is_word(text[at - 1]);
            bool const ends = prefix || end == text.size() || !is_word(text[end]);
            if (begins && ends) {
                return true;
            }
        }
        return false;
    }

    bool test_text(std::string const& field,
                   std::string const& op,
                   std::string const& actual,
                   std::string const& wanted) {
        std::string const left = fold_text(actual);
        std::string const right = fold_text(wanted);
        if (op == "contains" || op == "contains words") {
            if (field == "System.Tags") {
                for (auto const& tag : split(left, ';')) {
                    if (trim(tag) == right) {
                        return true;
                    }
                }
                return false;
            }
            return op == "contains" ? left.find(right) != std::string::npos : holds_words(left, right);
        }
        if (op == "under") {
            return left == right || left.starts_with(right + "\\");
        }
        return ordered(op, left, right);
    }

    bool test_identity(std::string const& op, Json const& actual, WiqlValue const& value) {
        std::string const id = as_text(actual);
        Identity const* wanted = nullptr;
        if (value.macro == "me") {
            wanted = context_.me;
        } else if (!value.text.empty()) {
            wanted = context_.organization->find_identity(value.text);
        }
        if (op == "contains") {
            for (auto const& member : context_.organization->members) {
                if (member.identity->vss_id == id) {
                    return icontains(member.identity->display_name + " " + member.identity->unique_name,
                                     value.text);
                }
            }
            return false;
        }
        std::string const right = wanted == nullptr ? (value.text.empty() ? "" : "unknown") : wanted->vss_id;
        return ordered(op, id, right);
    }

    bool test_number(std::string const& op, Json const& actual, WiqlValue const& value) {
        if (actual.is_null()) {
            return op == "<>";
        }
        char* end = nullptr;
        double const wanted = std::strtod(value.text.c_str(), &end);
        if (value.text.empty() || *end != '\0') {
            error = "TF51006: The value '" + value.text + "' is not a number.";
            return false;
        }
        double const left =
            actual.is_number() ? actual.get<double>() : std::strtod(as_text(actual).c_str(), nullptr);
        return ordered(op, left, wanted);
    }

    bool test_date(std::string const& op, Json const& actual, WiqlValue const& value) {
        TimePoint wanted{};
        if (value.macro == "today" || value.macro == "startofday") {
            wanted = start_of_day(context_.now) + std::chrono::hours(24) * value.offset;
        } else if (!value.macro.empty()) {
            error = "The macro '@" + value.macro + "' is not supported.";
            return false;
        } else {
            auto const parsed = parse_time(value.text);
            if (!parsed.has_value()) {
                error = "The value '" + value.text + "' is not a date.";
                return false;
            }
            if (parsed->has_time_of_day && !context_.time_precision) {
                error = "You cannot supply a time with the date when running a query using date precision. "
                        "The error is "
                        "caused by \xC2\xAB'" +
                        value.text + "'\xC2\xBB.";
                return false;
            }
            wanted = parsed->time;
        }
        auto const parsed = parse_time(as_text(actual));
        if (!parsed.has_value()) {
            return op == "<>";
        }
        TimePoint left = parsed->time;
        if (!context_.time_precision) {
            left = start_of_day(left);
            wanted = start_of_day(wanted);
        }
        return ordered(op, left, wanted);
    }

    WiqlContext const& context_;
};

bool less_value(Json const& a, Json const& b) {
    if (a.is_number() && b.is_number()) {
        return a.get<double>() < b.get<double>();
    }
    auto const text = [](Json const& v) {
        return v.is_null() ? std::string() : v.is_string() ? v.get<std::string>() : v.dump();
    };
    return fold_text(text(a)) < fold_text(text(b));
}

/// The conditions of one side of a link query: all others count as true.
bool side_matches(Evaluator& evaluator,
                  WiqlCondition const* condition,
                  std::string const& side,
                  WorkItem const& item) {
    if (condition == nullptr) {
        return true;
    }
    if (condition->kind == WiqlKind::compare) {
        return condition->side != side || evaluator.matches(condition, item);
    }
    auto const each = [&](auto const& child) { return side_matches(evaluator, child.get(), side, item); };
    if (condition->kind == WiqlKind::all_of) {
        return std::all_of(condition->children.begin(), condition->children.end(), each);
    }
    if (condition->kind == WiqlKind::any_of) {
        return std::any_of(condition->children.begin(), condition->children.end(), each);
    }
    return !each(condition->children.front());
}

bool link_matches(WiqlCondition const* condition, std::string const& rel) {
    if (condition == nullptr) {
        return true;
    }
    if (condition->kind == WiqlKind::compare) {
        return condition->field != "System.Links.LinkType" || condition->values.empty() ||
               iequals(condition->values.front().text, rel);
    }
    return std::all_of(condition->children.begin(), condition->children.end(), [&](auto const& child) {
        return link_matches(child.get(), rel);
    });
}

} // namespace

WiqlResult run_wiql(WiqlQuery const& query, WiqlContext const& context) {
    WiqlResult result;
    Evaluator evaluator(context);
    std::vector<WorkItem const*> found;
    for (auto const& [id, item] : context.organization->work_items.all()) {
        if (item.deleted) {
            continue;
        }
        if (!query.links) {
            if (evaluator.matches(query.where.get(), item)) {
                found.push_back(&item);
            }
            continue;
        }
        if (!side_matches(evaluator, query.where.get(), "source", item)) {
            continue;
        }
        result.links.push_back({"", item.id, "", Json::object()});
        for (auto const& relation : item.relations) {
            auto const target = context.organization->work_items.all().find(relation.target);
            if (target != context.organization->work_items.all().end() &&
                link_matches(query.where.get(), relation.rel) &&
                side_matches(evaluator, query.where.get(), "target", target->second)) {
                result.links.push_back({relation.rel, relation.target, "", {{"source", item.id}}});
            }
        }
    }
    for (auto order = query.order.rbegin(); order != query.order.rend(); ++order) {
        std::stable_sort(found.begin(), found.end(), [&](auto const* a, auto const* b) {
            auto const left = evaluator.field_value(*a, order->field);
            auto const right = evaluator.field_value(*b, order->field);
            return order->descending ? less_value(right, left) : less_value(left, right);
        });
    }
    for (auto const* item : found) {
        result.ids.push_back(item->id);
    }
    result.error = evaluator.error;
    return result;
}

} // namespace simulator

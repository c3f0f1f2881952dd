#include "ado/error_fixes.hpp"

#include "core/http/http_message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ado {
namespace {

using core::ErrorKind;

struct KnownFix {
    std::string_view code; ///< TF/VS code or type key
    std::string_view fix;
};

constexpr std::array kKnownFixes = {
    KnownFix{"TF200016", "Check the project's name. A project this identity may not see looks the same."},
    KnownFix{"VS800075", "Check the project's id. A project this identity may not see looks the same."},
    KnownFix{"TF401232", "Check the work item's id. An item this identity may not read looks the same."},
    KnownFix{"TF401019",
             "Check the repository's name and its project. A repository this identity may not read looks "
             "the same."},
    KnownFix{"TF401174",
             "Check the path (from the repository's root, case counts) and the branch or commit."},
    KnownFix{"TF401175",
             "Give a branch or tag by its bare name (main, not refs/heads/main) or a commit by its 40 "
             "digits."},
    KnownFix{"VS403403", "The repository is empty: it has no branch yet."},
    KnownFix{"VS402323",
             "The type is not part of this project's process: list the project's work item types and use "
             "one of those."},
    KnownFix{"TF401347",
             "Give the area or iteration as a path with backslashes that begins with the project's name, "
             "such as Contoso\\Web, and that exists in the project."},
    KnownFix{"TF51535",
             "Use a field's reference name, such as System.Title or Microsoft.VSTS.Common.Priority."},
    KnownFix{"VS402337", "Narrow the query, or ask for fewer results."},
    KnownFix{"VS402335", "The query ran too long: narrow it, or try again later."},
    KnownFix{"VS402490", "Too many queries of this identity are running: try again later."},
    KnownFix{"VS402491", "The service is busy: try again later."},
    KnownFix{"VS403351",
             "The item was changed meanwhile: read it again and repeat the change on its new revision."},
    KnownFix{"AadUserStateException",
             "This identity never signed in to the organization: sign in once in a browser, or "
             "have an administrator add it."},
    KnownFix{
        "VssVersionOutOfRangeException",
        "This server is older than the API version in use: set azure_devops.api_version to one it supports."},
};

bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

std::string in_organization(FixContext const& context) {
    return context.organization.empty() ? std::string("the organization")
                                        : "the organization " + std::string(context.organization);
}

std::string fix_credential(ErrorBody const& body, FixContext const& context) {
    if (contains(body.message, "expired")) {
        return "The personal access token has expired: create a new one and store it for " +
               in_organization(context) + ".";
    }
    std::string fix =
        "Sign in again or store a new personal access token for " + in_organization(context) +
        "; it may have been revoked, have expired, or belong to another organization or tenant.";
    if (context.status == 401 && body.message.empty() && context.scope != Scope::none) {
        fix += " A token without the permission `" + std::string(permission_name(context.scope)) + "` (" +
               std::string(scope_id(context.scope)) + ") is refused the same way.";
    }
    return fix;
}

/// One word per flag, case and separators as either of the two spellings has them.
bool has_flag(std::string_view flags, std::string_view flag) {
    std::size_t begin = 0;
    while (begin < flags.size()) {
        begin = std::min(flags.find_first_not_of(", ", begin), flags.size());
        std::size_t const end = std::min(flags.find_first_of(", ", begin), flags.size());
        if (core::iequals(flags.substr(begin, end - begin), flag)) {
            return true;
        }
        begin = end;
    }
    return false;
}

std::string explain_flags(std::string_view flags) {
    struct Meaning {
        std::string_view flag;
        std::string_view words;
    };
    constexpr std::array kMeanings = {
        Meaning{"invalidListValue", "has a value that is not one of the allowed ones"},
        Meaning{"invalidNotEmpty", "must be empty here"},
        Meaning{"readOnly", "may not be changed"},
        Meaning{"invalidFormat", "has a value of the wrong format"},
        Meaning{"invalidDate", "has a value that is not a valid date"},
        Meaning{"invalidTooLong", "has a value that is too long"},
        Meaning{"invalidPath", "has a path that does not exist"},
        Meaning{"invalidCharacters", "has characters that are not allowed"},
        Meaning{"invalidOldValue", "may not keep its old value"},
        Meaning{"invalidNotOldValue", "may not change its value"},
    };
    std::string_view words;
    for (Meaning const& meaning : kMeanings) {
        if (words.empty() && has_flag(flags, meaning.flag)) {
            words = meaning.words;
        }
    }
    if (words.empty() && (has_flag(flags, "invalidEmpty") || has_flag(flags, "required"))) {
        words = has_flag(flags, "limitedToValues") ? "is required and takes one of its allowed values only"
                                                   : "is required";
    }
    return words.empty() ? "breaks a rule of its type (" + std::string(flags) + ")" : std::string(words);
}

} // namespace

std::string describe_violations(ErrorBody const& body) {
    std::string text = body.code.empty() ? std::string() : body.code + ": ";
    bool first = true;
    for (RuleViolation const& violation : body.violations) {
        text += first ? "" : "; ";
        text += violation.field + " " + explain_flags(violation.flags);
        first = false;
    }
    return text;
}

std::string fix_for(ErrorBody const& body, FixContext const& context) {
    if (context.kind == ErrorKind::unauthorized) {
        return fix_credential(body, context);
    }
    if (!body.violations.empty() || body.code == "TF401320") {
        return "Give these fields values their rules allow, by reference name. The service names only some "
               "of the fields "
               "at a time: others may follow.";
    }
    for (KnownFix const& known : kKnownFixes) {
        if (known.code == body.code || known.code == body.type_key) {
            return std::string(known.fix);
        }
    }
    if (body.code == "TF400813") {
        return "The identity is not a member of " + in_organization(context) +
               ", or its token is from another tenant: add it there, or sign in to the right tenant.";
    }
    if (body.code == "TF24668") {
        return "The organization is stopped, usually after long inactivity; repeating the call does not "
               "help. Someone has "
               "to open it in a browser, or an administrator start it.";
    }
    if (context.code_search && (context.status == 400 || context.status == 404)) {
        return "Code search needs the Code Search extension (ms.vss-code-search, free) in " +
               in_organization(context) +
               "; if it is installed, check the query's syntax and the project's name.";
    }
    if (contains(body.message, "unknown identity")) {
        return "Name people by their sign-in name (user@example.com).";
    }
    switch (context.kind) {
    case ErrorKind::forbidden:
        return "Ask an administrator of " + in_organization(context) + " for the permission" +
               (context.scope == Scope::none ? std::string()
                                             : " to use " + std::string(token_page_name(context.scope))) +
               "; another credential of the same identity does not help.";
    case ErrorKind::rate_limited:
        return "Wait before the next call, and make fewer at a time.";
    case ErrorKind::upstream:
        return "Try again later; if it stays, give the activity id to the service's support.";
    case ErrorKind::not_found:
        return "Check the names. What this identity may not see looks the same as what does not exist.";
    case ErrorKind::conflict:
        return "Read the current state and try again.";
    default:
        return {};
    }
}

} // namespace ado

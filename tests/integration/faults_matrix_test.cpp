#include "integration/faults_rows.hpp"
#include "integration/support/client_stack.hpp"

#include "core/text/utf8.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

// Every tool under every fault: what the caller is told, how often the upstream was asked, how long it took.
// Each row of faults_rows.cpp works in an organization of its own (the simulator's contoso under another
// name), so all rows of a fault run side by side, and neither the counts nor the credential, the throttle or
// whatever else is kept by organization of one touches another.

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

enum class Outcome {
    refused,  ///< a call that needs the answer fails: the credential or the identity will not do
    failed,   ///< it fails, and nothing was done
    lost,     ///< it fails; a write was not made, which cannot be known
    unread,   ///< it fails; a write was made and is found again
    answered, ///< the answer is as good as any
    either    ///< an error or an answer, but nothing else
};

/// How often a request may be sent.
struct Sent {
    int least;
    int most;
};

constexpr Sent kOnce{1, 1};
/// upstream_attempts.
constexpr Sent kThrice{3, 3};

struct Fault {
    char const* name;
    Json rule; ///< `action` and its parameters
    Outcome outcome;
    Sent read;
    Sent write;
    std::vector<std::string> words = {}; ///< in the error of a call that fails
    Json limits = Json::object();        ///< beside those of every stack
};

void PrintTo(Fault const& fault, std::ostream* out) {
    *out << fault.name;
}

/// An update is computed anew and sent again this often.
constexpr int kUpdateAttempts = 4;
constexpr std::chrono::milliseconds kCall{4000};
constexpr std::chrono::milliseconds kUpstream{1500};
/// What a busy machine may add to a deadline.
constexpr std::chrono::milliseconds kSlack{3000};
constexpr int kHugeBytes = 2'000'000;

Json status(int code, char const* type, char const* body) {
    return {{"action", "status"}, {"status", code}, {"content_type", type}, {"body", body}};
}

/// Words that stand in pages of faults only.
constexpr char const* kPage =
    "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>planted page</h1></body></html>";

std::vector<Fault> faults() {
    Json const deadline_first = {{"call_ms", 1500}, {"upstream_request_ms", 30'000}};
    return {
        {"Unauthorized401",
         {{"action", "expired_pat"}},
         Outcome::refused,
         kOnce,
         kOnce,
         {"expired", "HTTP 401"}},
        {"Bare401", {{"action", "empty401"}}, Outcome::refused, kOnce, kOnce, {"missing_scope", "HTTP 401"}},
        {"NotAMember401", {{"action", "tf400813"}}, Outcome::refused, kOnce, kOnce, {"TF400813"}},
        {"SignInPage203",
         {{"action", "html203"}},
         Outcome::refused,
         kOnce,
         kOnce,
         {"sign-in page", "HTTP 203"}},
        {"RedirectToSignIn302",
         {{"action", "redirect_signin"}},
         Outcome::refused,
         kOnce,
         kOnce,
         {"sign-in page", "HTTP 302"}},
        {"Forbidden403", {{"action", "forbidden"}}, Outcome::failed, kOnce, kOnce, {"TF401027", "HTTP 403"}},
        {"ForbiddenPage403", status(403, "text/html", kPage), Outcome::failed, kOnce, kOnce, {"HTTP 403"}},
        {"NotFound404", {{"action", "not_found"}}, Outcome::failed, kOnce, kOnce, {"HTTP 404"}},
        {"NotFoundPage404", status(404, "text/html", kPage), Outcome::failed, kOnce, kOnce, {"HTTP 404"}},
        // A write that was surely not made waits out a short pause once.
        {"Throttled429",
         {{"action", "throttle"}, {"retry_after_s", 1}},
         Outcome::failed,
         kThrice,
         {2, 2},
         {"TF400733", "HTTP 429", "retry after 1 s"}},
        {"Unavailable503", {{"action", "bom503"}}, Outcome::lost, kThrice, kOnce, {"VS403417", "HTTP 503"}},
        {"UnavailablePage503", status(503, "text/html", kPage), Outcome::lost, kThrice, kOnce, {"HTTP 503"}},
        {"Stopped503", {{"action", "stopped"}}, Outcome::failed, kOnce, kOnce, {"TF24668", "HTTP 503"}},
        {"Reset", {{"action", "reset"}}, Outcome::lost, kThrice, kOnce, {"reset"}},
        {"Dropped", {{"action", "drop"}}, Outcome::lost, kThrice, kOnce, {"closed"}},
        {"Hang", {{"action", "hang"}}, Outcome::lost, kOnce, kOnce, {"localhost"}},
        {"HangUntilTheDeadline",
         {{"action", "hang"}},
         Outcome::lost,
         kOnce,
         kOnce,
         {"localhost"},
         deadline_first},
        {"SlowBody", {{"action", "slow"}, {"pause_ms", 60}}, Outcome::answered, kOnce, kOnce},
        {"TooSlowBody",
         {{"action", "slow"}, {"pause_ms", 1000}},
         Outcome::unread,
         kOnce,
         kOnce,
         {"localhost"}},
        {"StalledBody", {{"action", "stall"}}, Outcome::unread, kOnce, kOnce, {"localhost"}},
        {"StalledBodyUntilTheDeadline",
         {{"action", "stall"}},
         Outcome::lost,
         kOnce,
         kOnce,
         {"localhost"},
         deadline_first},
        {"TruncatedBody", {{"action", "partial_body"}}, Outcome::unread, kThrice, kOnce, {"localhost"}},
        {"BrokenOffJson", {{"action", "malformed_json"}}, Outcome::lost, kOnce, kOnce, {"cannot be read"}},
        {"WrongCharsetName", {{"action", "charset"}}, Outcome::answered, kOnce, kOnce},
        {"Utf16CalledUtf8", {{"action", "utf16_body"}}, Outcome::unread, kOnce, kOnce, {"cannot be read"}},
        {"Latin1CalledUtf8", {{"action", "latin1_body"}}, Outcome::either, kOnce, kOnce},
        {"SignInPage200", {{"action", "html"}}, Outcome::lost, kOnce, kOnce, {"sign-in page", "HTTP 200"}},
        {"Bom", {{"action", "bom"}}, Outcome::answered, kOnce, kOnce},
        {"HugeBody",
         {{"action", "huge_body"}, {"bytes", kHugeBytes}},
         Outcome::unread,
         kOnce,
         kOnce,
         {"response_too_large"}},
    };
}

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

std::string organization_of(std::size_t row) {
    return "contoso-" + std::to_string(row + 1);
}

class Answered {
public:
    std::vector<ToolAnswer> answers; ///< of the rows, in their order
    std::chrono::milliseconds time{};
};

class MatrixStack : public testing::Test {
protected:
    void start(Json const& limits) {
        stack_.emplace([&](Json& config) { configure(config, limits); });
        rows_ = fault_rows(simulator());
        std::ofstream(pat_file()) << simulator().pat("contoso", "full") << "\n";
        std::filesystem::permissions(pat_file(), std::filesystem::perms::owner_read);
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            stack_->config["connectors"].push_back(
                connector(organization_of(row), Json{{"method", "pat"}, {"pat_file", pat_file()}}));
            if (rows_[row].tool.find("wiki") != std::string::npos) {
                stack_->config["knowledge_sources"].push_back(
                    {{"name", "handbook-" + std::to_string(row + 1)},
                     {"url",
                      simulator().url() + "/" + organization_of(row) +
                          "/Game%20Engine/_wiki/wikis/Game%20Engine.wiki"}});
            }
        }
        stack_->daemon.set_config(stack_->config);
        stack_->start();
    }

    static void configure(Json& config, Json const& limits) {
        config["connectors"] = Json::array();
        config["limits"] = {{"call_ms", kCall.count()},
                            {"upstream_request_ms", kUpstream.count()},
                            // No connection is kept, so no request meets one that just broke: the counts are
                            // those of the attempts.
                            {"upstream_idle_ms", 0},
                            // Wikis are searched live, and nothing is asked beside the rows.
                            {"knowledge_first_ms", 3'600'000},
                            {"upstream_connections", 64},
                            {"upstream_body_bytes", kHugeBytes / 2}};
        config["limits"].update(limits);
    }

    std::string pat_file() { return (stack_->directory() / "pat").string(); }
    Simulator& simulator() { return stack_->simulator; }

    Answered call_all_rows() {
        std::vector<ToolRequest> requests;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            Json arguments = rows_[row].arguments;
            if (rows_[row].part != Part::none) {
                arguments["organization"] = organization_of(row);
            }
            requests.emplace_back(rows_[row].tool, std::move(arguments));
        }
        Answered answered;
        auto const begin = std::chrono::steady_clock::now();
        answered.answers = stack_->client().call_each(requests);
        answered.time =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
        return answered;
    }

    /// The ids of the rules, in the order of the rows.
    std::vector<std::int64_t> switch_on(Json const& rule) {
        std::vector<std::int64_t> ids;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            Json fault = rule;
            fault["match"] = {{"route", rows_[row].route}, {"organization", organization_of(row)}};
            fault["times"] = 0;
            ids.push_back(simulator().fault(fault));
        }
        return ids;
    }

    /// Requests that met the rule.
    std::map<std::int64_t, int> hits() {
        std::map<std::int64_t, int> hits;
        Json const rules = simulator().admin("faults").at("faults");
        for (Json const& rule : rules) {
            hits[rule.at("id").get<std::int64_t>()] = rule.at("hits").get<int>();
        }
        return hits;
    }

    std::optional<ClientStack> stack_;
    std::vector<FaultRow> rows_;
};

class FaultMatrix : public MatrixStack, public testing::WithParamInterface<Fault> {};
using FaultRows = MatrixStack;

/// What holds whatever happened.
void expect_sound(ToolAnswer const& answer) {
    EXPECT_EQ(answer.http_status, 200) << answer.describe();
    EXPECT_TRUE(answer.ok() || answer.failed()) << answer.describe();
    std::string const body = answer.message.dump(-1, ' ', false, Json::error_handler_t::strict);
    for (char const* const part : {"<html", "<!DOCTYPE", "<h1", "planted page", "Sign in to your account"}) {
        EXPECT_FALSE(contains(body, part)) << part << " in " << body;
    }
    if (answer.failed()) {
        EXPECT_FALSE(answer.result().contains("structuredContent")) << body;
        EXPECT_TRUE(contains(answer.text(), "What to do: ")) << answer.text();
        EXPECT_TRUE(contains(answer.text(), "(code ") || contains(answer.text(), "(HTTP ")) << answer.text();
    }
}

void expect_words(ToolAnswer const& answer, std::vector<std::string> const& words) {
    for (std::string const& one : words) {
        EXPECT_TRUE(contains(answer.text(), one)) << one << " is not in: " << answer.text();
    }
}

TEST_P(FaultMatrix, EndsEveryToolInTimeWithACauseAndAFix) {
    Fault const& fault = GetParam();
    start(fault.limits);
    std::vector<std::int64_t> const rules = switch_on(fault.rule);
    Answered const answered = call_all_rows();
    std::map<std::int64_t, int> const met = hits();

    std::chrono::milliseconds const deadline(stack_->config["limits"]["call_ms"].get<int>());
    EXPECT_LE(answered.time, deadline + kSlack);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        FaultRow const& row = rows_[i];
        ToolAnswer const& answer = answered.answers[i];
        SCOPED_TRACE(row.tool + ", " + row.route);
        expect_sound(answer);
        int const requests = met.at(rules[i]);
        if (row.part == Part::none) {
            EXPECT_TRUE(answer.ok()) << answer.describe();
            EXPECT_EQ(requests, 0);
            continue;
        }
        Sent const sent = row.part == Part::writes    ? fault.write
                          : row.part == Part::updates ? Sent{1, kUpdateAttempts}
                                                      : fault.read;
        EXPECT_GE(requests, sent.least * row.requests) << answer.describe();
        EXPECT_LE(requests, sent.most * row.requests) << answer.describe();
        if (fault.outcome == Outcome::answered) {
            EXPECT_TRUE(answer.ok()) << answer.describe();
        } else if (fault.outcome == Outcome::unread && row.part == Part::updates) {
            EXPECT_TRUE(answer.ok()) << answer.describe();
        } else if (fault.outcome == Outcome::unread && row.part == Part::writes) {
            // What cannot be looked for again stays unknown.
            EXPECT_TRUE(answer.ok() || contains(answer.text(), "outcome_unknown")) << answer.text();
            EXPECT_TRUE(answer.ok() || row.title.empty()) << answer.text();
        } else if (fault.outcome != Outcome::either && row.part == Part::adds) {
            EXPECT_TRUE(answer.ok()) << answer.describe();
            EXPECT_FALSE(answer.structured().value("notes", Json::array()).empty()) << answer.describe();
        } else if (fault.outcome != Outcome::either) {
            EXPECT_TRUE(answer.failed()) << answer.describe();
            expect_words(answer, fault.words);
            bool const unknown =
                fault.outcome == Outcome::lost && (row.part == Part::writes || row.part == Part::updates);
            EXPECT_EQ(contains(answer.text(), "outcome_unknown"), unknown) << answer.text();
        }
        if (!row.title.empty()) {
            bool const made = fault.outcome == Outcome::unread || fault.outcome == Outcome::answered;
            EXPECT_LE(simulator().work_items(row.title), 1);
            EXPECT_TRUE(!made || simulator().work_items(row.title) == 1);
        }
    }

    // Nothing is left behind at the upstream.
    EXPECT_TRUE(eventually([this] { return stack_->in_flight() == 0; }));

    // The trouble is over: so are the errors, unless a person has to mend something.
    if (fault.outcome == Outcome::refused) {
        return;
    }
    simulator().admin("reset?what=faults");
    std::vector<ToolAnswer> const healthy = call_all_rows().answers;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        SCOPED_TRACE(rows_[i].tool + ", " + rows_[i].route);
        EXPECT_TRUE(healthy[i].ok()) << healthy[i].describe();
        bool const reads = rows_[i].part == Part::reads || rows_[i].part == Part::adds;
        if (fault.outcome == Outcome::answered && reads) {
            EXPECT_EQ(answered.answers[i].structured(), healthy[i].structured());
        }
    }
}

std::string name_of(testing::TestParamInfo<Fault> const& about) {
    return about.param.name;
}

INSTANTIATE_TEST_SUITE_P(Of, FaultMatrix, testing::ValuesIn(faults()), name_of);

TEST_F(FaultRows, NameEveryTool) {
    start(Json::object());
    std::set<std::string> in_rows;
    for (FaultRow const& row : rows_) {
        in_rows.insert(row.tool);
    }
    std::set<std::string> offered;
    Json const tools = stack_->client().ask("tools/list", Json::object()).result().at("tools");
    for (Json const& tool : tools) {
        offered.insert(tool.at("name").get<std::string>());
    }
    EXPECT_EQ(in_rows, offered) << "a tool without a row, or a row without its tool: see faults_rows.cpp";
}

TEST_F(FaultRows, AskAsOftenAsTheySayWhenNothingIsWrong) {
    start(Json::object());
    std::vector<std::int64_t> const rules = switch_on({{"action", "delay"}});
    Answered const answered = call_all_rows();
    std::map<std::int64_t, int> const met = hits();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        SCOPED_TRACE(rows_[i].tool + ", " + rows_[i].route);
        EXPECT_TRUE(answered.answers[i].ok()) << answered.answers[i].describe();
        EXPECT_EQ(met.at(rules[i]), rows_[i].part == Part::none ? 0 : rows_[i].requests);
    }
}

} // namespace

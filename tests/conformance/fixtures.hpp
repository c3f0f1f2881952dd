#pragma once

#include "core/clock.hpp"
#include "protocol/change_hub.hpp"
#include "protocol/mcp_server.hpp"
#include "protocol/server_features.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the official conformance suite expects of a server under test. Names, keys and quoted texts are the
/// suite's.
namespace conformance {

using protocol::Json;

inline constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
inline constexpr std::string_view kWav = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQQAAAAAAAAA";
inline constexpr std::string_view kWatchedResource = "test://watched-resource";

using ToolCoroutine = core::Task<protocol::ToolResult> (*)(protocol::ToolCall const& call,
                                                           core::Clock& clock);
using ToolAnswer = protocol::ToolResult (*)(protocol::ToolCall const& call);
using PromptAnswer = protocol::PromptResult (*)(protocol::PromptCall const& call);

using Tools = std::vector<std::unique_ptr<protocol::ToolHandler>>;
using Prompts = std::vector<std::unique_ptr<protocol::PromptHandler>>;

Json no_arguments(); ///< schema
Json object_of(Json properties, std::vector<std::string> required);
protocol::ToolDescriptor describe(std::string name, std::string description, Json input_schema);
std::unique_ptr<protocol::ToolHandler> make_tool(protocol::ToolDescriptor descriptor, ToolAnswer answer);
std::unique_ptr<protocol::ToolHandler>
make_tool(protocol::ToolDescriptor descriptor, ToolCoroutine run, core::Clock& clock);
std::unique_ptr<protocol::PromptHandler> make_prompt(protocol::PromptDescriptor descriptor,
                                                     PromptAnswer answer);

/// An elicitation of one text field, and one of one yes or no.
protocol::InputRequest ask_text(std::string key, std::string message, std::string field);
protocol::InputRequest ask_yes_no(std::string key, std::string message, std::string field);
protocol::InputRequest ask_model(std::string key, std::string prompt, int max_tokens);
protocol::InputRequest ask_roots(std::string key);
/// The result alone is asked for; `state` comes back with the answer.
protocol::ToolResult ask(protocol::InputRequest request, Json state = Json());
/// The text of a sampling answer; nullopt when there is none under `key`.
std::optional<std::string> model_text(Json const& inputs, std::string_view key);
/// The URIs of a roots answer; nullopt when there is none under `key`.
std::optional<std::string> root_uris(Json const& inputs, std::string_view key);

void add_content_tools(Tools& tools);
void add_client_tools(Tools& tools, core::Clock& clock);
void add_round_trip_tools(Tools& tools);
void add_task_tools(Tools& tools, core::Clock& clock);
Prompts make_prompts();
std::unique_ptr<protocol::ResourceSource> make_resources();
std::unique_ptr<protocol::Completer> make_completer();
std::unique_ptr<protocol::SkillLibrary> make_skills();

/// All of it, as one server's features.
class Fixtures {
public:
    /// `clock` and `hub` outlive this object, this object outlives the server made of features().
    Fixtures(core::Clock& clock, protocol::ChangeHub& hub);

    /// `tasks` outlives the server.
    protocol::ServerFeatures features(protocol::TaskStore& tasks) const;
    /// The tools that change a list act on this server. Before the first call.
    void attach(protocol::McpServer& server) { server_ = &server; }

private:
    void toggle_tool();
    void toggle_prompt();
    std::vector<protocol::ToolHandler*> published_tools() const;
    std::vector<protocol::PromptHandler*> published_prompts() const;

    protocol::ChangeHub& hub_;
    protocol::McpServer* server_ = nullptr;
    Tools tools_;
    Prompts prompts_;
    std::unique_ptr<protocol::ToolHandler> extra_tool_; ///< there every other time it is asked for
    std::unique_ptr<protocol::PromptHandler> extra_prompt_;
    bool tool_shown_ = false;
    bool prompt_shown_ = false;
    std::unique_ptr<protocol::ResourceSource> resources_;
    std::unique_ptr<protocol::Completer> completer_;
    std::unique_ptr<protocol::SkillLibrary> skills_;
};

} // namespace conformance

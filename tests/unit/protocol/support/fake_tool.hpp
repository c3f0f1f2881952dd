#pragma once

#include "core/async.hpp"
#include "protocol/tool.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace test {

/// A tool whose behaviour the test gives as a function; it records what it was called with. Held, it waits
/// where the test can speak to the client in its name.
class FakeTool final : public protocol::ToolHandler {
public:
    using Behaviour = std::function<protocol::ToolResult(protocol::ToolCall const&)>;
    FakeTool(protocol::ToolDescriptor descriptor, Behaviour behaviour)
        : about(std::move(descriptor)), behaviour_(std::move(behaviour)) {}
    /// No arguments, and the text "done".
    explicit FakeTool(std::string name)
        : FakeTool(
              protocol::ToolDescriptor(std::move(name),
                                       "",
                                       "A tool.",
                                       core::Json::parse(R"({"type":"object","additionalProperties":false})"),
                                       core::Json(),
                                       protocol::ToolHints()),
              [](protocol::ToolCall const&) { return protocol::ToolResult("done", core::Json()); }) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return about; }

    core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override {
        ++calls;
        last_arguments = call.arguments;
        last_caller = call.caller.id;
        last_traceparent = call.ctx.traceparent;
        last_task = call.task_id;
        last_inputs = call.inputs;
        if (hold) {
            current = &call;
            std::shared_ptr<core::Event> const go = go_;
            bool const told = co_await go->wait(core::Deadline::never());
            current = nullptr;
            if (!told) {
                ++cancelled;
                throw boost::system::system_error(boost::asio::error::operation_aborted);
            }
        }
        protocol::ToolResult result = behaviour_(call);
        co_return result;
    }

    /// The calls that wait go on with the next turn of the loop.
    void release() { std::exchange(go_, std::make_shared<core::Event>())->set(); }
    void behave(Behaviour behaviour) { behaviour_ = std::move(behaviour); }

    protocol::ToolDescriptor about;
    bool hold = false;                           ///< wait for release() before answering
    protocol::ToolCall const* current = nullptr; ///< the latest call that waits
    int calls = 0;
    int cancelled = 0;
    core::Json last_arguments;
    core::Json last_inputs;
    std::string last_caller;
    std::string last_traceparent;
    std::string last_task;

private:
    Behaviour behaviour_;
    std::shared_ptr<core::Event> go_ = std::make_shared<core::Event>(); ///< shared with those that wait
};

} // namespace test

#include "ado/web_links.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/fetched_file.hpp"
#include "server/tools/file_window.hpp"
#include "server/tools/mask_secrets.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/read_arguments.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::ErrorKind;
using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kMaxFiles = 20;
/// Longer than a private key in PEM.
constexpr std::size_t kMaskContext = 8 * 1024;
/// The cursor, and the sentence that says where to go on, without the file's name.
constexpr std::size_t kFrameBytes = 176;
/// Keys, line numbers and punctuation of one file's structured form; a cut and a version in the line above
/// its text.
constexpr std::size_t kFileJsonBytes = 200;
constexpr std::size_t kFileTextBytes = 72;

protocol::ToolDescriptor make_descriptor() {
    Json const lines{{"start_line", schema_integer(1, 100000000)},
                     {"end_line", schema_integer(1, 100000000)}};
    Json entry = lines;
    entry["path"] = schema_string();
    entry["repository"] = schema_string();
    entry["ref"] = schema_string();
    Json files = schema_array(schema_arguments(entry, {"path"}));
    files["minItems"] = 1U;
    files["maxItems"] = kMaxFiles;
    files["description"] = "Several files or ranges instead of `path`";
    Json input = lines;
    input["organization"] = schema_organization();
    input["project"] = schema_string();
    input["repository"] = schema_string();
    input["path"] = schema_string();
    input["files"] = std::move(files);
    input["ref"] = schema_string("Branch, tag:NAME or full commit; the default branch otherwise");
    input["max_bytes"] = schema_max_bytes();
    input["cursor"] = schema_cursor();
    Json const file = schema_object({{"organization", schema_string()},
                                     {"project", schema_string()},
                                     {"repository", schema_string()},
                                     {"path", schema_string()},
                                     {"ref", schema_string()},
                                     {"commit", schema_string()},
                                     {"start_line", schema_integer()},
                                     {"end_line", schema_integer()},
                                     {"total_lines", schema_integer()},
                                     {"text", schema_string()},
                                     {"url", schema_string()}},
                                    {"repository", "path", "total_lines", "text"});
    Json const output{
        {"files", schema_array(file)}, {"cursor", schema_string()}, {"notes", schema_array(schema_string())}};
    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    return protocol::ToolDescriptor("read_file",
                                    "Read file",
                                    "Reads files or line ranges of Azure DevOps repositories.",
                                    schema_arguments(input, {}),
                                    schema_object(output, {"files", "notes"}),
                                    hints);
}

class Reading {
public:
    Reading(Json const& args_, ReadArguments arguments_, CallScope const& scope_)
        : args(args_), arguments(std::move(arguments_)), scope(scope_) {
        items.resize(arguments.files.size() - first());
    }
    std::size_t first() const noexcept { return static_cast<std::size_t>(arguments.position.item); }

    Json const& args; ///< as they were given
    ReadArguments arguments;
    CallScope const& scope;
    std::vector<std::optional<Result<ado::FileItem>>> items; ///< from first() on
};

Task<void> fetch(Reading& reading, std::size_t number) {
    WantedFile const& wanted = reading.arguments.files[reading.first() + number];
    Result<ado::FileItem> item = co_await fetch_file(reading.scope, reading.arguments.project, wanted);
    reading.items[number].emplace(std::move(item));
}

/// Builds the answer file by file until the budget is used up.
class Composer {
public:
    explicit Composer(Reading& reading) : reading_(reading), arguments_(reading.arguments) {
        text_ = marker_.begin();
        notes_left_ = arguments_.max_bytes / 8;
        std::size_t const frame = kFrameBytes + notes_left_;
        std::size_t const text_frame = frame + marker_.begin().size() + marker_.end().size();
        text_left_ = arguments_.max_bytes - std::min(arguments_.max_bytes, text_frame);
        json_left_ = arguments_.max_bytes - std::min(arguments_.max_bytes, frame);
    }

    Result<protocol::ToolResult> compose() {
        for (std::size_t number = 0; number < reading_.items.size() && cursor_.empty(); ++number) {
            Result<ado::FileItem>& item = *reading_.items[number];
            WantedFile const& wanted = arguments_.files[reading_.first() + number];
            std::optional<core::Error> problem = item ? unreadable(*item, wanted) : std::move(item).error();
            if (problem && arguments_.files.size() == 1) {
                return core::fail(std::move(*problem));
            }
            if (problem) {
                note(clean_line(wanted.path) + ": " + clean_line(problem->message()));
                if (!first_problem_) {
                    first_problem_ = std::move(problem);
                }
            } else {
                add(std::move(*item), wanted, number);
            }
        }
        if (files_.empty() && first_problem_) {
            return core::fail(std::move(*first_problem_));
        }
        return finish();
    }

private:
    /// Notes have a part of the budget of their own, so that a window can be chosen before they are known.
    void note(std::string sentence) {
        std::size_t const bytes = json_text_bytes(sentence) + 3;
        if (bytes <= notes_left_) {
            notes_left_ -= bytes;
            notes_.push_back(std::move(sentence));
        }
    }

    /// `byte` of the line: where a line goes on that is too long for one answer.
    void stop_at(std::size_t number, std::size_t line, std::size_t byte) {
        CursorPosition position;
        position.item = reading_.first() + number;
        position.part = line;
        if (byte > 0) {
            position.after = std::to_string(byte);
        }
        cursor_ = write_cursor(position, read_file_subject(reading_.args, reading_.scope));
    }

    void add(ado::FileItem item, WantedFile const& wanted, std::size_t number) {
        drop_byte_order_mark(item.content);
        std::size_t const resumed = number == 0 ? static_cast<std::size_t>(arguments_.position.part) : 0;
        WindowRequest request;
        request.start_line = std::max(wanted.start_line, resumed);
        request.start_byte = number == 0 && resumed > 0 ? arguments_.start_byte : 0;
        request.end_line = wanted.end_line;
        std::string const name = clean_line(wanted.repository) + clean_line(wanted.path);
        show_url_ = true;
        Frame frame = frame_of(wanted, item, name);
        auto const is_tight = [&] {
            return frame.text_bytes >= text_left_ || frame.json_bytes >= json_left_;
        };
        if (is_tight() && files_.empty()) {
            show_url_ = false; // the text matters more than its link
            frame = frame_of(wanted, item, name);
        }
        if (is_tight()) {
            leave_out(number, request, name);
            return;
        }
        request.text_bytes = text_left_ - frame.text_bytes;
        request.json_bytes = json_left_ - frame.json_bytes;
        FileWindow const window = choose_window(item.content, request);
        if (window.start_line == 0 && window.budget_reached) {
            leave_out(number, request, name);
            return;
        }
        if (std::string stand_in = describe_stand_in(item, name); !stand_in.empty()) {
            note(std::move(stand_in));
        }
        if (window.start_line == 0 && window.total_lines > 0) {
            note(name + " has only " + std::to_string(window.total_lines) + " lines.");
        }
        put(std::move(item), wanted, window, name);
        if (window.budget_reached && window.next_byte > 0) {
            stop_at(number, window.end_line, window.next_byte);
            closing_note_ = "Line " + std::to_string(window.end_line) + " of " + name +
                            " is longer than max_bytes allows; `cursor` goes on in it.";
        } else if (window.budget_reached) {
            stop_at(number, window.end_line + 1, 0);
            std::string const next = std::to_string(window.end_line + 1);
            closing_note_ =
                "max_bytes reached; go on with `cursor`, or with start_line=" + next + " of " + name + ".";
        }
    }

    /// There is no room for any of the file.
    void leave_out(std::size_t number, WindowRequest const& request, std::string const& name) {
        stop_at(number, request.start_line, request.start_byte);
        closing_note_ = "max_bytes reached; go on with `cursor`.";
        if (!files_.empty()) {
            return;
        }
        closing_note_ = "max_bytes is too small for " + name + ".";
        cursor_.clear(); // it would lead here again
        if (number + 1 < reading_.items.size()) {
            stop_at(number + 1, 0, 0);
        }
    }

    static void drop_byte_order_mark(std::string& content) {
        constexpr std::string_view kMark = "\xEF\xBB\xBF";
        if (content.starts_with(kMark)) {
            content.erase(0, kMark.size());
        }
    }

    std::string
    url_of(WantedFile const& wanted, ado::FileItem const& item, std::size_t first, std::size_t last) const {
        if (arguments_.project.empty() || !show_url_) {
            return {};
        }
        ado::VersionDescriptor const version =
            item.commit_id.empty() ? wanted.version
                                   : ado::VersionDescriptor(ado::VersionType::commit, item.commit_id);
        return ado::file_url(reading_.scope.client.organization(),
                             arguments_.project,
                             wanted.repository,
                             wanted.path,
                             version,
                             first,
                             last);
    }

    /// What a file takes beside its content, at most.
    struct Frame {
        std::size_t text_bytes;
        std::size_t json_bytes;
    };

    Frame frame_of(WantedFile const& wanted, ado::FileItem const& item, std::string const& name) const {
        constexpr std::size_t kLargeLine = 99999999;
        std::string const url = url_of(wanted, item, kLargeLine, kLargeLine);
        std::string const& version = wanted.version.version;
        // The name comes once more in the sentence that says where to go on.
        std::size_t const text_bytes = kFileTextBytes + url.size() + 2 * name.size() + version.size();
        std::size_t const json_bytes = kFileJsonBytes + json_text_bytes(url) + 2 * json_text_bytes(name) +
                                       json_text_bytes(version) + json_text_bytes(arguments_.project) +
                                       item.commit_id.size() + reading_.scope.organization.size();
        return Frame{text_bytes, json_bytes};
    }

    void
    put(ado::FileItem item, WantedFile const& wanted, FileWindow const& window, std::string const& name) {
        std::string const url = url_of(wanted, item, window.start_line, window.end_line);
        if (window.end < item.content.size()) {
            item.content.resize(window.end);
        }
        // A key that begins before the window is still one.
        bool const masks = reading_.scope.mask_secrets;
        std::size_t const context = masks ? std::min(window.begin, kMaskContext) : 0;
        if (window.begin > context) {
            item.content.erase(0, window.begin - context);
        }
        if (masks) {
            MaskedSecrets masked = mask_secrets(item.content, context);
            for (MaskedSecrets::Place& place : masked.places) {
                place.line += window.start_line - 1;
            }
            if (!masked.empty()) {
                note(mask_note(name, masked.places));
            }
        }
        CleanText clean = clean_text(std::move(item.content));
        if (clean.removed > 0) {
            note(std::to_string(clean.removed) + " invisible or control characters were removed from " +
                 name + ".");
        }
        put_text(clean.text, wanted, item, window, name, url);
        put_json(std::move(clean.text), wanted, item, window, name, url);
    }

    void put_text(std::string const& content,
                  WantedFile const& wanted,
                  ado::FileItem const& item,
                  FileWindow const& window,
                  std::string const& name,
                  std::string const& url) {
        std::size_t const before = text_.size();
        text_.reserve(before + content.size() + name.size() + url.size() + kFileTextBytes);
        text_ += name;
        std::string const version = clean_line(wanted.version.version);
        if (!version.empty() || !item.commit_id.empty()) {
            text_ += " (" + version;
            text_ += version.empty() || item.commit_id.empty() ? "" : " @ ";
            text_ += short_commit(item.commit_id);
            text_ += ")";
        }
        text_ += " lines " + std::to_string(window.start_line) + "-" + std::to_string(window.end_line) +
                 " of " + std::to_string(window.total_lines) + " " + url + "\n";
        text_ += content;
        if (!content.empty() && content.back() != '\n') {
            text_.push_back('\n');
        }
        text_left_ -= std::min(text_left_, text_.size() - before);
    }

    void put_json(std::string content,
                  WantedFile const& wanted,
                  ado::FileItem const& item,
                  FileWindow const& window,
                  std::string const& name,
                  std::string const& url) {
        // In the order of their names: each goes to the end.
        Json::object_t file;
        auto const put = [&file](char const* key, Json value) {
            file.emplace_hint(file.end(), key, std::move(value));
        };
        auto const put_if_known = [&put](char const* key, std::string const& value) {
            if (!value.empty()) {
                put(key, clean_line(value));
            }
        };
        if (reading_.items.size() > 1) {
            std::size_t const taken = frame_of(wanted, item, name).json_bytes + json_text_bytes(content);
            json_left_ -= std::min(json_left_, taken);
        }
        put_if_known("commit", item.commit_id);
        if (window.start_line > 0) {
            put("end_line", window.end_line);
        }
        put("organization", reading_.scope.organization);
        put("path", clean_line(wanted.path));
        put_if_known("project", arguments_.project);
        put_if_known("ref", wanted.version.version);
        put("repository", clean_line(wanted.repository));
        if (window.start_line > 0) {
            put("start_line", window.start_line);
        }
        put("text", std::move(content));
        put("total_lines", window.total_lines);
        put_if_known("url", url);
        files_.push_back(std::move(file));
    }

    protocol::ToolResult finish() {
        if (!closing_note_.empty()) {
            notes_.push_back(std::move(closing_note_));
        }
        text_ += marker_.end();
        text_ += note_lines(notes_);
        Json structured = Json::object();
        structured["files"] = std::move(files_);
        structured["notes"] = notes_;
        if (!cursor_.empty()) {
            text_ += "cursor: " + cursor_ + "\n";
            structured["cursor"] = std::move(cursor_);
        }
        return protocol::ToolResult(std::move(text_), std::move(structured));
    }

    Reading& reading_;
    ReadArguments const& arguments_;
    ContentMarker marker_;
    std::string text_;
    std::size_t text_left_ = 0;
    std::size_t json_left_ = 0;
    std::size_t notes_left_ = 0;
    Json files_ = Json::array();
    std::vector<std::string> notes_;
    std::string closing_note_;
    std::string cursor_;
    bool show_url_ = true; ///< of the file at hand
    std::optional<core::Error> first_problem_;
};

class ReadFileTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(ReadArguments arguments, read_file_arguments(args, scope));
        Reading reading(args, std::move(arguments), scope);
        NumberedJob const job = [&reading](std::size_t number) { return fetch(reading, number); };
        co_await run_parallel(reading.items.size(), scope.limits.search_parallel_files, job);
        Composer composer(reading);
        co_return composer.compose();
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_read_file_tool() {
    return std::make_unique<ReadFileTool>();
}

} // namespace server

#include "server/tools/written_comment.hpp"

#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/text_essence.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace server {

namespace {

using core::Json;

constexpr std::chrono::minutes kClockSkew{2};
/// The newest ones; more than this nobody writes on one item within minutes.
constexpr std::size_t kComments = 200;

/// Both are `2026-11-23T04:12:00...Z`: to the second they compare as texts.
bool is_since(std::string const& created, core::SystemTime since) {
    std::string const first = core::format_utc(since - kClockSkew);
    constexpr std::size_t kSeconds = 19;
    return created.size() < kSeconds || created.substr(0, kSeconds) >= first.substr(0, kSeconds);
}

bool is_text_of(CommentProbe const& probe, ado::Comment const& comment) {
    return std::find(probe.text_sha256.begin(), probe.text_sha256.end(), stored_text_digest(comment.text)) !=
           probe.text_sha256.end();
}

} // namespace

Json CommentProbe::to_json() const {
    Json json = Json::object();
    json["project"] = project;
    json["item"] = item;
    json["text_sha256"] = text_sha256;
    return json;
}

std::optional<CommentProbe> CommentProbe::read(Json const& json) {
    CommentProbe probe;
    probe.project = std::string(core::find_string(json, "project").value_or(std::string_view()));
    probe.item = core::find_int(json, "item").value_or(0);
    Json const* const digests = core::find_array(json, "text_sha256");
    if (digests == nullptr || probe.project.empty() || probe.item <= 0) {
        return std::nullopt;
    }
    for (Json const& digest : *digests) {
        if (digest.is_string()) {
            probe.text_sha256.push_back(digest.get<std::string>());
        }
    }
    return probe;
}

core::Task<core::Result<std::optional<ado::Comment>>>
find_written_comment(ado::Client const& client,
                     CommentProbe const& probe,
                     core::SystemTime since,
                     std::vector<std::string> const& known,
                     core::CallContext const& ctx) {
    using Found = std::optional<ado::Comment>;
    CO_TRY(ado::CommentPage page, co_await client.list_comments(probe.project, probe.item, kComments, ctx));
    std::vector<ado::Comment>& comments = page.comments;
    std::erase_if(comments, [&](ado::Comment const& comment) {
        return !is_text_of(probe, comment) || !is_since(comment.created, since) ||
               std::find(known.begin(), known.end(), comment_resource(probe, comment)) != known.end();
    });
    if (comments.empty()) {
        co_return Found();
    }
    CO_TRY(ado::ConnectionData const who, co_await client.connection_data(ctx));
    std::erase_if(comments, [&who](ado::Comment const& comment) {
        bool const same = comment.author_id.empty() ? core::iequals(comment.author_account, who.name)
                                                    : core::iequals(comment.author_id, who.id);
        return !same;
    });
    if (comments.empty()) {
        co_return Found();
    }
    auto const oldest = std::min_element(
        comments.begin(), comments.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
    co_return Found(std::move(*oldest));
}

std::string comment_resource(CommentProbe const& probe, ado::Comment const& comment) {
    return std::to_string(probe.item) + "/" + std::to_string(comment.id);
}

Json describe_comment(ado::Organization const& organization,
                      CommentProbe const& probe,
                      ado::Comment const& comment) {
    Json result = Json::object();
    result["id"] = comment.id;
    result["work_item_id"] = probe.item;
    result["organization"] = organization.name();
    result["project"] = clean_line(probe.project);
    result["url"] =
        ado::work_item_url(organization, probe.project, probe.item) + "#" + std::to_string(comment.id);
    result["notes"] = Json::array();
    return result;
}

} // namespace server

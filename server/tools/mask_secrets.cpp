#include "server/tools/mask_secrets.hpp"

#include "server/tools/secret_shapes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace server {
namespace {

constexpr std::size_t kNamedPlaces = 5;

/// One character for each, ASCII or not; line ends stay.
std::string stars_for(std::string_view secret, std::string_view kind) {
    std::string stars;
    stars.reserve(secret.size());
    for (char const c : secret) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            stars += c == '\n' || c == '\r' ? c : '*';
        }
    }
    std::size_t const first_line = std::min(stars.find('\n'), stars.size());
    std::string label(kMaskBegin);
    label.append(" ").append(kind).append("]");
    if (label.size() > first_line) {
        label.assign(kMaskBegin).append("]");
    }
    if (label.size() <= first_line) {
        stars.replace(0, label.size(), label);
    }
    return stars;
}

void collect(core::Json& json, MaskedSecrets& all) {
    if (json.is_string()) {
        auto& text = json.get_ref<std::string&>();
        MaskedSecrets const masked = mask_secrets(text);
        all.places.insert(all.places.end(), masked.places.begin(), masked.places.end());
    } else if (json.is_structured()) {
        for (core::Json& member : json) {
            collect(member, all);
        }
    }
}

} // namespace

MaskedSecrets mask_secrets(std::string& text, std::size_t context) {
    MaskedSecrets masked;
    std::vector<SecretSpan> spans = find_secrets(text);
    std::erase_if(spans, [context](SecretSpan const& span) { return span.end <= context; });
    if (spans.empty()) {
        text.erase(0, context);
        return masked;
    }
    if (context > 0) {
        spans.front().begin = std::max(spans.front().begin, context);
        spans.front().continues = false;
    }
    std::string out;
    out.reserve(text.size());
    std::size_t at = context;
    std::size_t line = 1;
    auto const lines_in = [&text](std::size_t from, std::size_t to) {
        return static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(from),
                                                   text.begin() + static_cast<std::ptrdiff_t>(to),
                                                   '\n'));
    };
    std::string_view const view = text;
    for (SecretSpan const& span : spans) {
        line += lines_in(at, span.begin);
        out.append(view.substr(at, span.begin - at));
        out += stars_for(view.substr(span.begin, span.end - span.begin), span.kind);
        if (!span.continues) {
            MaskedSecrets::Place place;
            place.line = line;
            place.kind = span.kind;
            masked.places.push_back(place);
        }
        line += lines_in(span.begin, span.end);
        at = span.end;
    }
    out.append(view.substr(at));
    text = std::move(out);
    return masked;
}

MaskedSecrets mask_secrets(core::Json& json) {
    MaskedSecrets all;
    collect(json, all);
    return all;
}

void mask_answer(protocol::ToolResult& answer, std::size_t budget) {
    MaskedSecrets in_text = mask_secrets(answer.text);
    MaskedSecrets in_json = mask_secrets(answer.structured);
    if (in_text.empty() && in_json.empty()) {
        return;
    }
    // The two say the same. Lines of the answer are not those of a file.
    std::vector<MaskedSecrets::Place> places = in_text.places.size() >= in_json.places.size()
                                                   ? std::move(in_text.places)
                                                   : std::move(in_json.places);
    for (MaskedSecrets::Place& place : places) {
        place.line = 0;
    }
    std::string const note = mask_note("", places);
    bool const on_a_line = answer.text.empty() || answer.text.ends_with('\n');
    if (answer.text.size() + note.size() + 2 <= budget) {
        answer.text += (on_a_line ? "" : "\n") + note + "\n";
    }
    auto const notes =
        answer.structured.is_object() ? answer.structured.find("notes") : answer.structured.end();
    bool const has_notes =
        answer.structured.is_object() && notes != answer.structured.end() && notes->is_array();
    constexpr std::size_t kQuotesAndComma = 3;
    if (has_notes && core::dump_json(answer.structured).size() + note.size() + kQuotesAndComma <= budget) {
        notes->push_back(note);
    }
}

std::string mask_note(std::string_view where, std::vector<MaskedSecrets::Place> const& places) {
    if (places.empty()) {
        return {};
    }
    std::string note =
        places.size() == 1 ? "1 secret is masked" : std::to_string(places.size()) + " secrets are masked";
    if (!where.empty()) {
        note.append(" in ").append(where);
    }
    std::string lines;
    for (std::size_t i = 0; i < std::min(places.size(), kNamedPlaces); ++i) {
        lines += lines.empty() ? " (" : ", ";
        lines += places[i].kind;
        if (places[i].line != 0) {
            lines += " in line " + std::to_string(places[i].line);
        }
    }
    return note + lines + (places.size() > kNamedPlaces ? ", ...)" : ")") + ": never write the masks back.";
}

} // namespace server

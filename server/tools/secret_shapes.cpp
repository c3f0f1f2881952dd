#include "server/tools/secret_shapes.hpp"

#include "server/tools/secret_characters.hpp"
#include "server/tools/secret_stretches.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

using namespace secrets;

class Finder {
public:
    explicit Finder(std::string_view text) : text_(text) {}

    std::vector<SecretSpan> run(std::vector<Stretch> const& stretches) {
        for (Stretch const& stretch : stretches) {
            at_ = std::max(at_, stretch.begin);
            look_through(stretch.end);
        }
        return std::move(found_);
    }

private:
    void look_through(std::size_t end) {
        while (at_ < end) {
            char const c = text_[at_];
            if (in(kWord, c)) {
                std::size_t const begin = at_;
                at_ = end_of(kWord, at_);
                word(begin);
                continue;
            }
            std::size_t const here = at_++;
            switch (c) {
            case '=':
                assignment(here);
                break;
            case ':':
                url(here);
                break;
            case '~':
                entra_secret(here);
                break;
            case '+':
                azure_key(here);
                break;
            case '-':
                private_key(here);
                break;
            default:
                break;
            }
        }
    }

    static bool in(Set const& set, char c) noexcept { return set[static_cast<unsigned char>(c)]; }
    char at(std::size_t place) const noexcept { return place < text_.size() ? text_[place] : '\0'; }
    char before(std::size_t place) const noexcept { return place > 0 ? text_[place - 1] : '\0'; }

    /// `most` keeps the whole linear where what follows may be looked at again.
    std::size_t
    end_of(Set const& set, std::size_t from, std::size_t most = std::string_view::npos) const noexcept {
        std::size_t const last =
            most < text_.size() - std::min(from, text_.size()) ? from + most : text_.size();
        while (from < last && in(set, text_[from])) {
            ++from;
        }
        return from;
    }
    std::size_t begin_of(Set const& set, std::size_t from, std::size_t most) const noexcept {
        std::size_t const first = from > most ? from - most : 0;
        while (from > first && in(set, text_[from - 1])) {
            --from;
        }
        return from;
    }

    bool add(std::size_t begin, std::size_t end, std::string_view kind, bool continues = false) {
        if (begin >= end || (!found_.empty() && begin < found_.back().end)) {
            return false;
        }
        found_.emplace_back(begin, end, kind, continues);
        at_ = std::max(at_, end);
        return true;
    }

    void word(std::size_t begin) {
        std::string_view const word = text_.substr(begin, at_ - begin);
        if (word.size() < 3) {
            return;
        }
        switch (word.front()) {
        case 'e':
            jwt(begin, word);
            break;
        case 'g':
            github(begin, word);
            break;
        case 'x':
            slack(begin, word);
            break;
        case 'y':
        case 'G':
            google(begin, word);
            break;
        case 'A':
            aws(begin, word);
            google(begin, word);
            break;
        case 'h':
            slack_hook(begin, word);
            break;
        default:
            break;
        }
        pat(begin, word);
    }

    void pat(std::size_t begin, std::string_view word) {
        constexpr std::size_t kOld = 52;
        constexpr std::size_t kNew = 84;
        if (word.size() != kOld && word.size() != kNew) {
            return;
        }
        // A piece of something longer is no token.
        auto const joins = [](char c) { return c == '+' || c == '/' || c == '='; };
        bool const assigned = before(begin) == '=' && before(begin - 1) != '=';
        bool const in_url = before(begin) == '/' && before(begin - 1) == '/';
        if ((joins(before(begin)) && !assigned && !in_url) || joins(at(begin + word.size()))) {
            return;
        }
        if (word.size() == kNew) {
            bool const marked = word.substr(76, 4) == "AZDO" || word.substr(75, 4) == "AZDO";
            if (marked && word.find('_') == std::string_view::npos) {
                add(begin, begin + kNew, "azure-devops-pat");
            }
            return;
        }
        std::size_t digits = 0;
        for (char const c : word) {
            if ((c < 'a' || c > 'z') && (c < '2' || c > '7')) {
                return;
            }
            digits += is_digit(c) ? 1U : 0U;
        }
        // A long name ends in digits, if it has any.
        bool const early = std::any_of(word.begin(), word.begin() + 40, is_digit);
        bool const beyond_hex = std::any_of(word.begin(), word.end(), [](char c) { return c > 'f'; });
        if (early && digits >= 2 && digits <= 30 && beyond_hex && is_varied(word, 14)) {
            add(begin, begin + kOld, "azure-devops-pat");
        }
    }

    void jwt(std::size_t begin, std::string_view word) {
        if (!word.starts_with("eyJ") || in(kBase64Url, before(begin))) {
            return;
        }
        std::size_t const header = end_of(kBase64Url, begin);
        if (header - begin < 16 || at(header) != '.' || text_.substr(header + 1, 3) != "eyJ") {
            return;
        }
        std::size_t const claims = end_of(kBase64Url, header + 1);
        std::size_t const signature = at(claims) == '.' ? end_of(kBase64Url, claims + 1) : claims;
        if (signature > claims + 20) {
            add(begin, signature, "jwt");
        }
    }

    void github(std::size_t begin, std::string_view word) {
        bool const token = word.size() >= 40 && word[1] == 'h' && word[3] == '_' &&
                           std::string_view("pousr").find(word[2]) != std::string_view::npos;
        bool const fine = word.size() >= 60 && word.starts_with("github_pat_");
        if ((token || fine) && is_varied(word.substr(4), 12)) {
            add(begin, at_, "github-token");
        }
    }

    void slack(std::size_t begin, std::string_view word) {
        bool const token = word.size() == 4 && word.starts_with("xox") && at(at_) == '-' &&
                           std::string_view("abeoprs").find(word[3]) != std::string_view::npos;
        if (!token) {
            return;
        }
        std::size_t const end = end_of(kDashed, begin, 256);
        std::string_view const all = text_.substr(begin, end - begin);
        if (all.size() >= 24 && std::any_of(all.begin(), all.end(), is_digit) && is_varied(all, 12)) {
            add(begin, end, "slack-token");
        }
    }

    void slack_hook(std::size_t begin, std::string_view word) {
        constexpr std::string_view kHook = "hooks.slack.com/services/";
        if (word != "hooks" || !text_.substr(begin).starts_with(kHook)) {
            return;
        }
        std::size_t const path = begin + kHook.size();
        std::size_t const end = end_of(kBase64, path, 128);
        if (end - path >= 40 && at(path) == 'T') {
            add(path, end, "slack-webhook");
        }
    }

    void google(std::size_t begin, std::string_view word) {
        std::size_t const end = end_of(kBase64Url, begin, 40);
        std::size_t const size = end - begin;
        bool const api_key = word.starts_with("AIza") && size == 39;
        bool const client_secret = word == "GOCSPX" && size == 35;
        if ((api_key || client_secret) && is_varied(text_.substr(begin, size), 14)) {
            add(begin, end, "google-key");
        } else if (word == "ya29" && at(at_) == '.' && !in(kDotted, before(begin))) {
            std::size_t const last = end_of(kDotted, begin);
            if (last - begin >= 40) {
                add(begin, last, "google-token");
            }
        }
    }

    void aws(std::size_t begin, std::string_view word) {
        bool const prefix = word.starts_with("AKIA") || word.starts_with("ASIA") ||
                            word.starts_with("ABIA") || word.starts_with("ACCA");
        bool const id = prefix && word.size() == 20 && std::all_of(word.begin(), word.end(), [](char c) {
                            return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
                        });
        if (id && !word.ends_with("EXAMPLE") && is_varied(word, 9)) {
            add(begin, at_, "aws-key-id");
        }
    }

    /// Keys of Azure services carry a signature: of 64 bytes in base64, characters 77 to 80.
    void azure_key(std::size_t plus) {
        constexpr std::size_t kBefore = 76;
        constexpr std::size_t kSize = 88;
        std::string_view const mark = text_.substr(plus, 4);
        bool const known =
            mark == "+ASt" || mark == "+ASb" || mark == "+AEh" || mark == "+ARm" || mark == "+ABa";
        if (!known || begin_of(kBase64, plus, kBefore + 1) + kBefore != plus) {
            return;
        }
        std::size_t const begin = plus - kBefore;
        std::size_t const end = end_of(kBase64Padded, plus, 16);
        if (end - begin == kSize && at(end - 1) == '=') {
            add(begin, end, "azure-key");
        }
    }

    void entra_secret(std::size_t tilde) {
        bool const mark = before(tilde) == 'Q' && (before(tilde - 1) == '8' || before(tilde - 1) == '7');
        std::size_t const begin = mark ? begin_of(kEntraSecret, tilde, 6) : tilde;
        std::size_t const end = end_of(kEntraSecret, tilde, 40);
        bool const fits = tilde - begin == 5 && end - tilde >= 32 && end - tilde <= 36;
        if (fits && is_varied(text_.substr(begin, end - begin), 14)) {
            add(begin, end, "entra-client-secret");
        }
    }

    /// `name=value` and `name = value`, where the name says what the value is.
    void assignment(std::size_t equals) {
        std::size_t const name_end = before(equals) == ' ' ? equals - 1 : equals;
        std::size_t const name_begin = begin_of(kWord, name_end, 32);
        std::string_view const name = text_.substr(name_begin, name_end - name_begin);
        std::size_t value = at(equals + 1) == ' ' ? equals + 2 : equals + 1;
        if (same(name, "accountkey") || same(name, "sharedaccesskey")) {
            mask_run(kBase64Padded, value, 40, "azure-key");
        } else if (same(name, "sig")) {
            sas_signature(name_begin, equals + 1);
        } else if (same(name, "aws_secret_access_key") || same(name, "aws_session_token")) {
            value += at(value) == '"' || at(value) == '\'' ? 1U : 0U;
            mask_run(kBase64Padded, value, 40, "aws-secret-key");
        } else if (same(name, "password") || same(name, "pwd")) {
            connection_password(name_begin, value);
        }
    }

    void mask_run(Set const& set, std::size_t begin, std::size_t least, std::string_view kind) {
        constexpr std::size_t kLongest = 200;
        std::size_t const end = end_of(set, begin, kLongest);
        if (end - begin >= least && end - begin < kLongest &&
            is_varied(text_.substr(begin, end - begin), 12)) {
            add(begin, end, kind);
        }
    }

    /// The HMAC of a shared access signature: 32 bytes in base64, mostly percent-encoded.
    void sas_signature(std::size_t name, std::size_t begin) {
        char const lead = before(name);
        bool const in_query =
            lead == '?' || lead == '&' || lead == ';' || lead == '"' || lead == '=' || lead == ' ';
        std::size_t const end = end_of(kSignature, begin, 160);
        std::string_view const value = text_.substr(begin, end - begin);
        bool const padded = value.ends_with('=') || value.ends_with("%3D") || value.ends_with("%3d");
        if (in_query && padded && value.size() >= 43 && value.size() <= 140 && is_varied(value, 12)) {
            add(begin, end, "sas-signature");
        }
    }

    /// `Password=` only counts among the other parts of a connection string.
    void connection_password(std::size_t name, std::size_t begin) {
        if (!is_connection_string(name)) {
            return;
        }
        std::size_t end = begin;
        while (end < text_.size() && end - begin < 256 &&
               std::string_view(";\"'\n\r<&").find(text_[end]) == std::string_view::npos) {
            ++end;
        }
        std::string_view const value = text_.substr(begin, end - begin);
        if (value.size() >= 3 && !is_placeholder(value)) {
            add(begin, end, "password");
        }
    }

    /// Looked at once for all the names in one stretch of a line.
    bool is_connection_string(std::size_t name) {
        constexpr std::size_t kAround = 400;
        if (name < around_begin_ || name >= around_end_) {
            around_begin_ = line_start(name, kAround);
            around_end_ = line_stop(name, kAround);
            std::string_view const around = text_.substr(around_begin_, around_end_ - around_begin_);
            around_is_connection_ =
                around.find(';') != std::string_view::npos &&
                std::any_of(kParts.begin(), kParts.end(), [around](std::string_view part) {
                    return contains(around, part);
                });
        }
        return around_is_connection_;
    }

    std::size_t line_start(std::size_t from, std::size_t most) const noexcept {
        std::size_t const first = from > most ? from - most : 0;
        while (from > first && text_[from - 1] != '\n') {
            --from;
        }
        return from;
    }
    std::size_t line_stop(std::size_t from, std::size_t most) const noexcept {
        std::size_t const last = std::min(text_.size(), from + most);
        while (from < last && text_[from] != '\n') {
            ++from;
        }
        return from;
    }

    /// `scheme://user:password@host`
    void url(std::size_t colon) {
        constexpr std::size_t kLongest = 512;
        if (text_.substr(colon, 3) != "://" || !in(kAlphanumeric, before(colon))) {
            return;
        }
        std::size_t const begin = colon + 3;
        std::size_t const last = std::min(text_.size(), begin + kLongest);
        std::size_t host = 0;
        std::size_t password = 0;
        for (std::size_t i = begin; i < last; ++i) {
            char const c = text_[i];
            if (c == '@') {
                host = i;
            } else if (c == ':' && password == 0) {
                password = i + 1;
            } else if (std::string_view("/ \t\r\n\"'<>`|\\?#,)").find(c) != std::string_view::npos) {
                break;
            }
        }
        bool const has_password = password != 0 && host > password;
        if (has_password && !is_placeholder(text_.substr(password, host - password))) {
            add(password, host, "password");
        }
    }

    /// The lines between BEGIN and END, also as the pieces of a string in source code.
    void private_key(std::size_t dash) {
        constexpr std::string_view kBegin = "-----BEGIN ";
        constexpr std::string_view kEnd = "-----END ";
        if (!text_.substr(dash).starts_with(kBegin)) {
            return;
        }
        std::size_t const title = dash + kBegin.size();
        std::size_t const dashes = text_.substr(title, 48).find("-----");
        if (dashes == std::string_view::npos ||
            text_.substr(title, dashes).find("PRIVATE KEY") == std::string_view::npos) {
            return;
        }
        std::size_t const begin = title + dashes + 5;
        if (key_end_ < begin) {
            key_end_ = text_.find(kEnd, begin);
        }
        std::size_t end = key_end_;
        if (end == std::string_view::npos) {
            // Cut off: as far as it looks like one.
            end = begin;
            while (end < text_.size() &&
                   (in(kBase64Padded, text_[end]) || text_[end] == '\n' || text_[end] == '\r')) {
                ++end;
            }
        }
        // A BEGIN that is only talked about has no key after it.
        bool continues = false;
        for (std::size_t i = begin; i < end;) {
            if (!in(kBase64Padded, text_[i])) {
                if (text_[i] == '-' && text_.substr(i).starts_with(kBegin)) {
                    end = i;
                    break;
                }
                ++i;
                continue;
            }
            std::size_t const stop = end_of(kBase64Padded, i, end - i);
            if (stop - i >= (continues ? 2U : 16U)) {
                continues = add(i, stop, "private-key", continues) || continues;
            }
            i = stop;
        }
        at_ = std::max(at_, continues ? end : begin);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t key_end_ = 0; ///< of the next END; npos = there is none any more
    std::size_t around_begin_ = 0;
    std::size_t around_end_ = 0;
    bool around_is_connection_ = false;
    std::vector<SecretSpan> found_;
};

} // namespace

std::vector<SecretSpan> find_secrets(std::string_view text) {
    std::vector<secrets::Stretch> const stretches = secrets::find_stretches(text);
    return stretches.empty() ? std::vector<SecretSpan>() : Finder(text).run(stretches);
}

} // namespace server

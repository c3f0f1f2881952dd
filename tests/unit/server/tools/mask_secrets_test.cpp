#include "server/tools/mask_secrets.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using server::mask_secrets;
using server::MaskedSecrets;

/// Letters in an order that looks random. Every example is put together here, so that none stands in a file.
std::string letters(std::string_view alphabet, std::size_t size, unsigned seed = 7) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size) {
        text += alphabet[random() % alphabet.size()];
    }
    return text;
}

constexpr std::string_view kLower32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kUpper32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kHex = "0123456789abcdef";

std::string old_pat() {
    return letters(kLower32, 52);
}
std::string new_pat() {
    return letters(kAlnum, 76) + "AZ" + "DO" + letters(kAlnum, 4);
}
std::string storage_key() {
    return letters(kAlnum, 76) + "+A" + "St" + letters(kAlnum, 6) + "==";
}
std::string jwt() {
    return "ey" + ("JhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." +
                   ("ey" + ("JzdWIiOiIxMjM0NTY3ODkwIn0." + letters(kAlnum, 86))));
}

struct Example {
    std::string kind;
    std::string before;
    std::string secret;
    std::string after;
};

std::vector<Example> examples() {
    return {
        {"azure-devops-pat", "pat: ", old_pat(), "\n"},
        {"azure-devops-pat", "AZURE_DEVOPS_EXT_PAT=", old_pat(), " az devops login"},
        {"azure-devops-pat", "token = \"", new_pat(), "\""},
        {"azure-devops-pat", "git clone https://", new_pat(), "@dev.azure.com/x/_git/y"},
        {"azure-key", "key: ", storage_key(), ""},
        {"azure-key", "AccountName=x;AccountKey=", letters(kAlnum, 86) + "==", ";EndpointSuffix=core"},
        {"azure-key",
         "Endpoint=sb://x/;SharedAccessKeyName=y;SharedAccessKey=",
         letters(kAlnum, 43) + "=",
         ""},
        {"sas-signature",
         "https://x.blob.core.windows.net/c?sv=2024-01-01&sig=",
         letters(kAlnum, 42) + "%3D",
         "&se=2"},
        {"password", "Server=tcp:x;User ID=admin;Password=", "correct horse!9", ";Encrypt=True"},
        {"password", "\"Data Source=x;uid=sa;pwd=", "p@ss-w0rd", "\""},
        {"jwt", "Authorization: Bearer ", jwt(), "\r\n"},
        {"github-token", "GITHUB_TOKEN=", "gh" + ("p_" + letters(kAlnum, 36)), "\n"},
        {"github-token", "'", "github" + ("_pat_" + letters(kAlnum, 82)), "'"},
        {"aws-key-id", "aws_access_key_id = ", "AK" + ("IA" + letters(kUpper32, 16)), "\n"},
        {"aws-secret-key", "aws_secret_access_key = ", letters(kAlnum, 40), "\n"},
        {"slack-token", "slack: ", "xo" + ("xb-123456789012-" + letters(kAlnum, 24)), ""},
        {"slack-webhook",
         "https://hooks.slack.com/services/",
         "T0" + letters(kUpper32, 8) + "/B0" + letters(kUpper32, 8) + "/" + letters(kAlnum, 24),
         "\n"},
        {"google-key", "key=", "AI" + ("za" + letters(kAlnum, 35)), "&q=1"},
        {"google-key", "secret: ", "GOC" + ("SPX-" + letters(kAlnum, 28)), ""},
        {"google-token", "access_token: ", "ya" + ("29." + letters(kAlnum, 60)), ""},
        {"entra-client-secret", "CLIENT_SECRET=", "aB1" + ("8Q~" + letters(kAlnum, 34)), "\n"},
        {"password", "postgres://user:", "s3cr3t!pw", "@db.example.net:5432/x"},
        {"password", "https://build:", "hunter22", "@example.net/repo"},
    };
}

TEST(MaskSecrets, MasksEachKindInPlaceAndNothingAroundIt) {
    for (Example const& example : examples()) {
        SCOPED_TRACE(example.kind + ": " + example.before);
        std::string text = "first line\n" + example.before + example.secret + example.after;
        std::size_t const size = text.size();
        MaskedSecrets const masked = mask_secrets(text);
        ASSERT_EQ(masked.places.size(), 1U);
        EXPECT_EQ(masked.places[0].kind, example.kind);
        EXPECT_EQ(masked.places[0].line, 2U);
        EXPECT_EQ(text.size(), size);
        EXPECT_TRUE(text.starts_with("first line\n" + example.before));
        EXPECT_TRUE(text.ends_with(example.after));
        EXPECT_EQ(text.find(example.secret), std::string::npos);
        EXPECT_TRUE(mask_secrets(text).empty()) << "a mask is no secret: " << text;
    }
}

TEST(MaskSecrets, SaysInTheMaskWhatItHides) {
    std::string text = old_pat();
    mask_secrets(text);
    EXPECT_TRUE(text.starts_with("[masked azure-devops-pat]***")) << text;
    text = "https://u:12345678@h/";
    mask_secrets(text);
    EXPECT_EQ(text, "https://u:[masked]@h/");
    text = "https://u:1234@h/";
    mask_secrets(text);
    EXPECT_EQ(text, "https://u:****@h/");
    text = "https://u:geh\xc3\xa4im123456789@h/"; // one star for one character
    mask_secrets(text);
    EXPECT_EQ(text, "https://u:[masked]*******@h/");
}

TEST(MaskSecrets, MasksPrivateKeysLineByLine) {
    std::string const begin = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
    std::string const end = std::string("-----END RSA ") + "PRIVATE KEY-----\n";
    std::string body;
    for (unsigned i = 0; i < 6; ++i) {
        body += letters(kAlnum, 64, i) + "\n";
    }
    std::string text = "a\nb\n" + begin + body + end + "after " + letters(kAlnum, 30) + "\n";
    std::string const whole = text;
    MaskedSecrets const masked = mask_secrets(text);
    ASSERT_EQ(masked.places.size(), 1U);
    EXPECT_EQ(masked.places[0].kind, "private-key");
    EXPECT_EQ(masked.places[0].line, 4U);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), std::count(whole.begin(), whole.end(), '\n'));
    EXPECT_EQ(text.substr(0, 4 + begin.size()), whole.substr(0, 4 + begin.size()));
    EXPECT_TRUE(text.ends_with(whole.substr(whole.find(end)))) << text;
    for (unsigned i = 0; i < 6; ++i) {
        EXPECT_EQ(text.find(letters(kAlnum, 64, i).substr(20, 20)), std::string::npos);
    }

    std::string cut = begin + body.substr(0, 200); // its end is in the next window
    EXPECT_EQ(mask_secrets(cut).places.size(), 1U);
    EXPECT_EQ(cut.find(body.substr(100, 20)), std::string::npos);

    std::string in_code = "\"" + begin.substr(0, begin.size() - 1) + "\\n\" +\n  \"" + body.substr(0, 64) +
                          "\\n\" +\n  \"" + end;
    EXPECT_EQ(mask_secrets(in_code).places.size(), 1U);
    EXPECT_EQ(in_code.find(body.substr(0, 20)), std::string::npos);
}

TEST(MaskSecrets, LeavesAloneWhatOnlyLooksRandom) {
    std::string const begin = std::string("-----BEGIN ") + "PRIVATE KEY-----";
    std::vector<std::string> const innocent{
        letters(kHex, 40),                      // a commit
        letters(kHex, 64),                      // a SHA-256
        "sha512-" + letters(kAlnum, 86) + "==", // an integrity value
        "2ad3c0de-1f1e-4b55-b970-38fa8c1f0be1", // a GUID
        letters(kAlnum, 52),                    // upper and lower case
        letters(kAlnum, 84),
        std::string(52, 'a'),
        letters(kLower32, 53),
        letters(kLower32, 51),
        letters(kAlnum, 400) + "==", // base64 of something
        letters(kAlnum, 40) + "/" + letters(kLower32, 52) + "/x",
        "thequickbrownfoxjumpsoverthelazydogandthenrunsaway22",
        "data:image/png;base64,iVBOR" + letters(kAlnum, 300),
        "https://dev.azure.com/contoso/_git/engine?path=/a.cpp&version=GBmain",
        "https://user@dev.azure.com/contoso",
        "http://localhost:8080/@scope/package",
        "https://${USER}:${PASSWORD}@host/",
        "https://user:<password>@host/",
        "Server=x;User ID=y;Password=;",
        "Server=x;User ID=y;Password={your_password};",
        "Server=x;User ID=y;Password=$(DbPassword);",
        "Password=hello", // no connection string
        "if (password == other) { return; }",
        "AKIAIOSFODNN7EXAMPLE", // the documentation's
        "AccountKey=${STORAGE_KEY};",
        "sig=check",
        "eyJhbGciOiJub25lIn0 is a header",
        "search for '" + begin + "' in the code",
        "xoxb-your-token-here",
        "gh"
        "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "[masked azure-devops-pat]***************************",
        "signal=abc&sig=def",
    };
    for (std::string const& text : innocent) {
        std::string copy = text;
        EXPECT_TRUE(mask_secrets(copy).empty()) << text << "\n" << copy;
        EXPECT_EQ(copy, text);
    }
}

TEST(MaskSecrets, FindsAllOfSeveralAndCountsLines) {
    std::string text;
    std::vector<std::size_t> lines;
    std::size_t line = 1;
    for (Example const& example : examples()) {
        text += "x\n" + example.before + example.secret + example.after + "\n";
        lines.push_back(line + 1);
        line += 2 + static_cast<std::size_t>(std::count(example.after.begin(), example.after.end(), '\n'));
    }
    MaskedSecrets const masked = mask_secrets(text);
    ASSERT_EQ(masked.places.size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(masked.places[i].line, lines[i]);
    }
}

TEST(MaskSecrets, ReachesEveryStringOfStructuredContent) {
    core::Json json;
    json["results"] = {{{"snippet", "a " + old_pat()}, {"line", 7}}, {{"notes", {"none", jwt()}}}};
    MaskedSecrets const masked = mask_secrets(json);
    EXPECT_EQ(masked.places.size(), 2U);
    std::string const text = json.dump();
    EXPECT_EQ(text.find(old_pat()), std::string::npos);
    EXPECT_EQ(text.find(jwt()), std::string::npos);
    EXPECT_EQ(json.at("results").at(0).at("line"), 7);
}

TEST(MaskSecrets, SaysHowManyAndWhere) {
    std::string text = "a\n" + old_pat() + "\n" + jwt();
    MaskedSecrets const masked = mask_secrets(text);
    EXPECT_EQ(
        server::mask_note("/a.txt", masked.places),
        "2 secrets are masked in /a.txt (azure-devops-pat in line 2, jwt in line 3): never write the masks "
        "back.");
    EXPECT_EQ(server::mask_note("", {}), "");
}

TEST(MaskSecrets, TakesTimeInProportionToTheText) {
    // What a scanner could look at again and again.
    std::vector<std::string> const pieces{"password=;server=",
                                          "accountkey=",
                                          "AIza-",
                                          "xoxb-",
                                          "eyJ.eyJ.",
                                          "8Q~",
                                          "://:@",
                                          "ya29.",
                                          "sig=&",
                                          "-----BEGIN " + std::string("PRIVATE KEY-----"),
                                          "=",
                                          "+ASt",
                                          "a",
                                          "hooks.slack.com/services/",
                                          "eyJaaaaaaaaaaaaaaaaaaaa.eyJ-",
                                          "password=",
                                          "a:",
                                          "-----BEGIN "};
    for (std::string const& piece : pieces) {
        std::string text;
        while (text.size() < 1024 * 1024) {
            text += piece;
        }
        auto const start = std::chrono::steady_clock::now();
        mask_secrets(text);
        auto const took = std::chrono::steady_clock::now() - start;
        EXPECT_LT(took, std::chrono::seconds(3)) << piece; // quadratic would be minutes
    }
}

TEST(MaskSecrets, NeverBreaksOrGrowsAnyText) {
    std::mt19937 random(3);
    std::vector<Example> const all = examples();
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 6; ++i) {
            Example const& example = all[random() % all.size()];
            std::string piece = example.before + example.secret + example.after;
            piece = piece.substr(random() % piece.size(), random() % 120);
            text += piece + (random() % 3 == 0 ? "\n" : "");
        }
        std::string const before = text;
        MaskedSecrets const masked = mask_secrets(text);
        ASSERT_EQ(text.size(), before.size());
        ASSERT_EQ(masked.empty(), text == before);
        for (std::size_t i = 0; i < text.size(); ++i) {
            ASSERT_EQ(text[i] == '\n', before[i] == '\n');
        }
    }
}

} // namespace

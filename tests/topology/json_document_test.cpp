// The document against nlohmann's parser: what one takes the other takes, and both read the same.
#include "topology/json_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "core/error.hpp"

namespace muster::topology {
namespace {

using Json = nlohmann::json;

/// Reads the same values off both.
void expect_same(JsonValue mine, Json const& peer) {
  if (peer.is_object()) {
    for (auto const& [key, value] : peer.items()) expect_same(mine[key], value);
  } else if (peer.is_array()) {
    auto const elements = mine.elements();
    ASSERT_EQ(elements.size(), peer.size());
    std::size_t place = 0;
    for (auto const element : elements) expect_same(element, peer[place++]);
  } else if (peer.is_string()) {
    EXPECT_EQ(mine.text(1 << 20), peer.get<std::string>());
  } else if (peer.is_boolean()) {
    EXPECT_EQ(mine.flag(), peer.get<bool>());
  } else if (peer.is_number_unsigned()) {
    EXPECT_EQ(mine.bytes(UINT64_MAX), peer.get<std::uint64_t>());
  } else if (peer.is_number_float() && peer.get<double>() >= 0) {
    EXPECT_EQ(mine.number(1e308), peer.get<double>());
  } else if (peer.is_null()) {
    EXPECT_TRUE(mine.is_null());
  }
}

/// "" where the document took the text.
std::string refused(std::string const& text) {
  try {
    JsonDocument const document(text, "m.json");
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "";
}

/// Whether both take it; where they do, both must read the same.
bool is_taken_by_both(std::string const& text) {
  auto const peer = Json::parse(text, nullptr, false);
  auto const fault = refused(text);
  EXPECT_EQ(fault.empty(), !peer.is_discarded()) << text << "\n" << fault;
  if (!fault.empty() || peer.is_discarded()) return false;
  JsonDocument const document(text, "m.json");
  expect_same(document.root(), peer);
  return true;
}

std::string const sample = R"({"a": [1, -2, 3.5e-2, true, false, null, 18446744073709551615, -0, 0.5],
 "text": "plain, \"quoted\" \\ \/ \b\f\n\r\t \u0041\u00e9\u20ac\ud83d\ude00 é€😀", "": {}, "empty": [ ] , "deep": {"x": {"y": [[], [{}]]}}})";

TEST(JsonDocument, ReadsWhatItsPeerReads) {
  for (auto const& text : {sample, std::string("3"), std::string(" null "), std::string("[]"), std::string("\"\""), std::string("1e-999")})
    EXPECT_TRUE(is_taken_by_both(text)) << text;
}

TEST(JsonDocument, RefusesWhatItsPeerRefuses) {
  for (char const* text : {"", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "[1 2]", "01", "-", "1.", ".5", "1e", "+1", "tru", "nul", "\"",
                           "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\x01\"", "\"\xff\"",
                           "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "1 2", "[]]", "NaN", "1e999"})
    EXPECT_FALSE(is_taken_by_both(text)) << text;
}

TEST(JsonDocument, SaysWhereItIsNoJson) {
  EXPECT_EQ(refused("{\"a\": x}"), "m.json: not JSON (at byte 7); write the file anew with muster topology --json");
}

TEST(JsonDocument, AgreesWithItsPeerOnDamagedText) {
  std::mt19937 random(20261123);
  std::string const letters = "{}[]\",:\\u0019eE+-.tfn \n\x7f\xc3\xa9\xf0\x1f";
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto text = sample;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      auto const at = random() % text.size();
      if (random() % 3 == 0)
        text.erase(at, 1 + random() % 4);
      else
        text[at] = letters[random() % letters.size()];
    }
    taken += is_taken_by_both(text) ? 1 : 0;
  }
  EXPECT_GT(taken, 1000) << "most changes inside texts do no harm";
}

TEST(JsonDocument, CutShortAnywhereIsRefused) {
  for (std::size_t size = 0; size < sample.size(); ++size) EXPECT_NE(refused(sample.substr(0, size)), "") << size;
}

}  // namespace
}  // namespace muster::topology

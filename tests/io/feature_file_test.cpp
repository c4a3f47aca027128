#include "io/feature_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/sha256.hpp"
#include "hostile_file.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

/// Two latent values of one symbol over three days, by one layer from windows of one bar of two inputs.
FeatureFile sample_features() {
  FeatureFile file;
  file.source = "coder.h5 of bars.h5";
  file.muster_version = "0.1.0";
  file.bars_digest = sha256_hex("bars");
  file.symbols = {"AAA"};
  file.times = {86400, 2 * 86400, 3 * 86400};
  file.available = {2 * 86400, 3 * 86400, 4 * 86400};
  float const nan = std::numeric_limits<float>::quiet_NaN();
  file.values = {{nan, 0.5f, -0.25f}, {nan, 1, 2}};
  file.training = {sha256_hex("result"), sha256_hex("bars"), {"AAA", "BBB"}, {86400, 86400}, {2 * 86400, 2 * 86400}};
  file.window = 1;
  file.activation = "silu";
  file.widths = {2, 2};
  file.parameters = {1, 2, 3, 4, 5, 6};
  file.inputs = {{0.1, 2}, {0, 1}};
  file.latents = {{0, 3}, {1, 6}};
  return file;
}

TEST(FeatureFile, ReadsBackWhatWasWritten) {
  Scratch scratch;
  auto const written = sample_features();
  write_features(scratch / "f.h5", written);
  auto const read = read_features(scratch / "f.h5");
  EXPECT_EQ(read.source, written.source);
  EXPECT_EQ(read.symbols, written.symbols);
  EXPECT_EQ(read.times, written.times);
  EXPECT_EQ(read.available, written.available);
  EXPECT_TRUE(std::isnan(read.values[1][0]));
  EXPECT_EQ(read.values[0][2], -0.25f);
  EXPECT_EQ(read.training.symbols, written.training.symbols);
  EXPECT_EQ(read.training.chosen.from, 2 * 86400);
  EXPECT_EQ(read.widths, written.widths);
  EXPECT_EQ(read.parameters, written.parameters);
  EXPECT_EQ(read.inputs[0].middle, 0.1);
  EXPECT_EQ(read.latents[1].half, 6);
  EXPECT_EQ(features_digest(read), features_digest(written));
}

TEST(FeatureFile, DigestIsThatOfTheContent) {
  auto const digest = features_digest(sample_features());
  auto changed = sample_features();
  changed.source = "elsewhere";
  EXPECT_EQ(features_digest(changed), digest);
  changed.values[0][1] = 0.75f;
  EXPECT_NE(features_digest(changed), digest);
  changed = sample_features();
  changed.training.learned.to += 1;
  EXPECT_NE(features_digest(changed), digest);
}

struct Fault {
  char const* text;
  void (*make)(FeatureFile&);
};

TEST(FeatureFile, NamesWhatIsWrong) {
  for (auto const& fault : {
           Fault{"its window has 0 bars", [](FeatureFile& f) { f.window = 0; }},
           Fault{"it has 0 latent values", [](FeatureFile& f) { f.latents.clear(); }},
           Fault{"its network has 1 widths", [](FeatureFile& f) { f.widths = {2}; }},
           Fault{"first width is not that of a window", [](FeatureFile& f) { f.widths = {3, 2}; }},
           Fault{"last width is not the number of latent values", [](FeatureFile& f) { f.widths = {2, 3}; }},
           Fault{"has not the parameters of its widths", [](FeatureFile& f) { f.parameters.pop_back(); }},
           Fault{"has not the parameters of its widths", [](FeatureFile& f) { f.widths = {2, -1, 2}; }},
           Fault{"a parameter is not a finite number", [](FeatureFile& f) { f.parameters[2] = std::nanf(""); }},
           Fault{"a scale has no positive half", [](FeatureFile& f) { f.inputs[1].half = 0; }},
           Fault{"a scale has no positive half", [](FeatureFile& f) { f.latents[1].middle = std::nan(""); }},
           Fault{"there are 0 symbols", [](FeatureFile& f) { f.symbols.clear(); }},
           Fault{"not one availability a bar", [](FeatureFile& f) { f.available.pop_back(); }},
           Fault{"not one column a latent value", [](FeatureFile& f) { f.values.pop_back(); }},
           Fault{"a column has not one value", [](FeatureFile& f) { f.values[0].pop_back(); }},
           Fault{"trained on no symbol", [](FeatureFile& f) { f.training.symbols.clear(); }},
           Fault{"a span of its training ends before it begins", [](FeatureFile& f) { f.training.chosen.to = 0; }},
           Fault{"bar 2 is not later than the one before", [](FeatureFile& f) { f.times[2] = f.times[1]; }},
           Fault{"the values of bar 1 are available before it has ended", [](FeatureFile& f) { f.available[1] -= 1; }},
       }) {
    auto file = sample_features();
    fault.make(file);
    EXPECT_THAT(find_fault(file), HasSubstr(fault.text));
  }
  EXPECT_EQ(find_fault(sample_features()), "");
}

TEST(FeatureFile, RefusesWhatWasTamperedWith) {
  Scratch scratch;
  auto const path = scratch / "f.h5";
  auto const refusal = [&](std::function<void(hid_t)> const& change) {
    write_features(path, sample_features());
    tamper(path, change);
    reseal(path);
    return message_of(Exit::user, [&] { read_features(path); });
  };
  EXPECT_THAT(refusal([](hid_t file) { set_text(file, "/", "digest", std::string(64, '0')); }), HasSubstr("a digest that does not fit its content"));
  EXPECT_THAT(refusal([](hid_t file) { set_text(file, "/", "interval", "week"); }), HasSubstr("an interval that muster does not know"));
  EXPECT_THAT(refusal([](hid_t file) { remove_object(file, "/values/latent_2"); }), HasSubstr("latent_2"));
  EXPECT_THAT(refusal([](hid_t file) {
                remove_object(file, "/network/parameter");
                double const values[6] = {1, 2, 3, 4, 5, 1e-60};
                put_numbers(file, "/network/parameter", H5T_IEEE_F64LE, 6, values);
              }),
              HasSubstr("/network/parameter"));
  write_features(path, sample_features());
  tamper(path, [](hid_t file) { set_text(file, "/", "source", "other"); });
  EXPECT_THAT(message_of(Exit::user, [&] { read_features(path); }), HasSubstr("checksum"));
}

}  // namespace
}  // namespace muster::io

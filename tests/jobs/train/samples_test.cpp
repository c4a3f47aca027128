// Samples of a file are learned as simulated ones are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/rows.hpp"
#include "tests/jobs/train/labelled_file.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

std::vector<Table> tables_of(Job const& job, int ranks) { return job.results(sums_of(job, ranks), 0); }

class FileSamples : public ::testing::TestWithParam<std::string_view> {
 protected:
  io::Scratch scratch_;
};

TEST_P(FileSamples, TeachTheNetworkThatTheirLabelsDo) {
  auto const simulated = tables_of(*make_train_job(params_of(GetParam())), 1);
  auto const job = make_train_job(params_with_file(scratch_, GetParam()), scratch_.path());
  for (int const ranks : {1, 3}) {
    auto const read = tables_of(*job, ranks);
    EXPECT_EQ(column<double>(*find_table(read, "parameters"), "value"), column<double>(*find_table(simulated, "parameters"), "value"));
    EXPECT_EQ(column<double>(*find_table(read, "validations"), "loss"), column<double>(*find_table(simulated, "validations"), "loss"));
  }
}

TEST_P(FileSamples, GoOnFromASave) {
  auto const job = make_train_job(params_with_file(scratch_, GetParam()), scratch_.path());
  auto const whole = sums_of(*job, 1);
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;
  auto outcome = run(*job, 2, persistence, &stop);
  for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
    stop = starts < 5;
    outcome = run(*job, 1 + starts % 3, persistence, &stop);
  }
  EXPECT_EQ(outcome.sums, whole);
}

TEST_P(FileSamples, CanonicalTextResolvesToItself) {
  auto const text = render_params(params_with_file(scratch_, GetParam()));
  EXPECT_EQ(render_params(parse_params(text, scratch_ / "job.toml")), text);
  EXPECT_EQ(render_params(read_params(text)), text);
  EXPECT_THAT(text, ::testing::Not(HasSubstr("paths =")));
}

INSTANTIATE_TEST_SUITE_P(, FileSamples, testing::Values(asian_job, heston_job));

class SampleFaults : public ::testing::Test {
 protected:
  std::string fault_in(io::SampleFile const& file, std::vector<std::string> overrides = {}) {
    return io::message_of(Exit::user, [&] { params_with_file(scratch_, asian_job, file, std::move(overrides)); });
  }
  io::Scratch scratch_;
  io::SampleFile const good_ = labelled(params_of(asian_job));
};

TEST_F(SampleFaults, AreNamed) {
  auto file = good_;
  file.inputs[7 * 5] = 1.7;
  EXPECT_THAT(fault_in(file), HasSubstr("s.h5: row 5 has spot 1.7, outside of the job's box, 0.5 to 1.5"));
  file = good_;
  file.inputs[7 * 3 + 5] = 2.5;
  EXPECT_THAT(fault_in(file), HasSubstr("s.h5: row 3: known_fixings 2.5 (must be a whole number from 0 to 11)"));
  EXPECT_THAT(fault_in(good_, {"data.samples=400"}), HasSubstr("s.h5 has 410 rows, samples 400, validation 60 and test 50 ask for more"));
  EXPECT_THAT(fault_in(good_, {"data.test=400"}), HasSubstr("(nothing is left to learn)"));
  EXPECT_THAT(fault_in(good_, {"data.digest=\"00\""}), HasSubstr("the job was resolved with 00... (other samples would give another answer)"));
  EXPECT_THAT(fault_in(good_, {"data.paths=100"}), HasSubstr("data.paths: not read by samples of a file"));
  EXPECT_THAT(fault_in(good_, {"contract.type=\"european_call\""}), HasSubstr("/inputs is not of 410 rows and 5 columns"));
  EXPECT_THAT(io::message_of(Exit::user, [] { params_of(asian_job, {"data.digest=\"00\""}); }), HasSubstr("data.digest: not read by simulated samples"));
}

TEST_F(SampleFaults, OfSlopesThatAreNotThere) {
  auto file = good_;
  file.slopes.clear();
  EXPECT_THAT(fault_in(file), HasSubstr("s.h5 has no slopes, and training.slopes = 1 asks for them (nothing says what the derivatives are)"));
  // Prices alone are judged then.
  auto const job = make_train_job(params_with_file(scratch_, asian_job, file, {"training.slopes=0"}), scratch_.path());
  auto const tables = tables_of(*job, 1);
  EXPECT_EQ(column<std::string>(*find_table(tables, "accuracy"), "figure"), (std::vector<std::string>{"price_rms", "price_p999", "price_max"}));
  EXPECT_THAT(job->summary(tables), ::testing::Not(HasSubstr("delta_rms")));
}

TEST_F(SampleFaults, OfAFileThatHasChangedSince) {
  auto const params = params_with_file(scratch_, asian_job, good_);
  EXPECT_EQ(params.data.samples, 300u);
  auto file = good_;
  file.prices[0] += 0.1;
  io::write_samples(scratch_ / "s.h5", file);
  auto const job = make_train_job(params, scratch_.path());
  EXPECT_THAT(io::message_of(Exit::user, [&] { sums_of(*job, 1); }), HasSubstr("s.h5 has the digest"));
}

TEST_F(SampleFaults, LeaveTheRestToLearnWhereTheyAreNotCounted) {
  auto text = with_file(asian_job);
  auto const at = text.find("samples = 300\n");
  text.erase(at, 14);
  io::write_samples(scratch_ / "s.h5", good_);
  EXPECT_EQ(parse_params(text, scratch_ / "job.toml").data.samples, 300u);
}

}  // namespace
}  // namespace muster::jobs::train

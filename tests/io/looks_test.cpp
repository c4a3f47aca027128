// The journal of looks: what is counted, what is refused, and that nothing is lost.
#include "io/looks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <thread>

#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

Look look_of(char job, std::string const& from = "2018-01-05T00:00:00Z", std::string const& to = "2020-01-07T00:00:00Z") {
  return {"2026-01-31T09:30:00Z", std::string(64, job), std::string(64, 'b'), from, to, 0.806, "+100% sma(20); long in 5% out 0%"};
}

TEST(Looks, ComeBackAsTheyWereCounted) {
  Scratch const folder;
  auto const path = looks_path(folder / "bars.h5");
  EXPECT_EQ(path, folder / "bars.h5.looks");
  EXPECT_TRUE(read_looks(path).empty());
  add_look(path, look_of('1'));
  auto unsure = look_of('2');
  unsure.psr = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(add_look(path, unsure).size(), 2u);
  auto const looks = read_looks(path);
  ASSERT_EQ(looks.size(), 2u);
  EXPECT_EQ(format_look(looks[0]), format_look(look_of('1')));
  EXPECT_TRUE(std::isnan(looks[1].psr));
  EXPECT_EQ(folder.entries(), 1u);  // neither lock nor temporary file is left
}

TEST(Looks, OfOneJobAtOneSpanAreOne) {
  Scratch const folder;
  auto const path = folder / "bars.h5.looks";
  add_look(path, look_of('1'));
  auto again = look_of('1');
  again.at_utc = "2026-02-01T00:00:00Z";
  EXPECT_EQ(add_look(path, again).size(), 1u);
  EXPECT_EQ(read_looks(path).front().at_utc, look_of('1').at_utc);
  EXPECT_EQ(add_look(path, look_of('1', "2019-01-02T00:00:00Z")).size(), 2u);
}

TEST(Looks, CountWhereSpansMeet) {
  std::vector<Look> const looks{look_of('1', "2010-01-04T00:00:00Z", "2012-01-03T00:00:00Z"), look_of('2'),
                                look_of('3', "2020-01-07T00:00:00Z", "2021-01-04T00:00:00Z")};
  auto const met = looks_between(looks, "2017-06-01T00:00:00Z", "2020-01-07T00:00:00Z");
  ASSERT_EQ(met.size(), 2u);
  EXPECT_EQ(met[0].job_hash.front(), '2');
  EXPECT_EQ(met[1].job_hash.front(), '3');
}

TEST(Looks, AreAllThereWhenManyCountAtOnce) {
  Scratch const folder;
  auto const path = folder / "bars.h5.looks";
  // Processes, as the lock is between them.
  std::vector<pid_t> children;
  for (char job = 'a'; job < 'e'; ++job) {
    pid_t const child = ::fork();
    if (child == 0) {
      try {
        add_look(path, look_of(job));
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (pid_t const child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_looks(path).size(), 4u);
}

std::string refusal_of(std::string const& text) {
  return message_of(Exit::user, [&] { parse_looks(text, "bars.h5.looks"); });
}

std::string with_field(std::size_t field, std::string const& value) {
  std::vector<std::string> fields{"2026-01-31T09:30:00Z", std::string(64, '1'), std::string(64, 'b'), "2018-01-05T00:00:00Z",
                                  "2020-01-07T00:00:00Z", "0.8", "sma"};
  fields[field] = value;
  std::string line;
  for (auto const& one : fields) line += (line.empty() ? "" : "\t") + one;
  return "muster looks 1\n" + line + "\n";
}

TEST(Looks, ThatCannotBeReadAreRefused) {
  EXPECT_THAT(refusal_of(""), HasSubstr("bars.h5.looks line 1: it does not say 'muster looks 1'"));
  EXPECT_THAT(refusal_of("muster looks 1\nsome text\n"), HasSubstr("line 2: 1 fields instead of 7"));
  EXPECT_THAT(refusal_of(with_field(6, "a\tb")), HasSubstr("8 fields instead of 7"));
  EXPECT_THAT(refusal_of(with_field(0, "yesterday\x1b[2J")), HasSubstr("'yesterday\\x1b[2J' is no instant"));
  EXPECT_THAT(refusal_of(with_field(1, "12")), HasSubstr("'12' is no digest of 64 hex digits"));
  EXPECT_THAT(refusal_of(with_field(4, "2017-01-05T00:00:00Z")), HasSubstr("the span ends before it begins"));
  for (char const* psr : {"1.5", "-0.1", "inf", "much", ""})
    EXPECT_THAT(refusal_of(with_field(5, psr)), HasSubstr("the probability is not between 0 and 1")) << psr;
  EXPECT_THAT(refusal_of(with_field(6, "\xff\xfe")), HasSubstr("the champion is no text"));
  EXPECT_THAT(refusal_of(with_field(6, std::string(3000, 'x'))), HasSubstr("the champion is no text"));
  EXPECT_THAT(refusal_of("muster looks 1\n\n"), HasSubstr("(the file counts who has looked at a test span: a look that cannot "
                                                          "be read is lost); repair the line or remove it"));
}

TEST(Looks, OfAWriterThatWasKilledDoNotCount) {
  auto const text = "muster looks 1\n" + format_look(look_of('1')) + "2026-01-31T09";
  EXPECT_EQ(parse_looks(text, "bars.h5.looks").size(), 1u);
}

TEST(Looks, WhereNobodyMayWriteAreNotCounted) {
  Scratch const folder;
  EXPECT_THAT(message_of(Exit::environment, [&] { add_look(folder / "nowhere" / "bars.h5.looks", look_of('1')); }),
              HasSubstr("its directory does not exist"));
}

}  // namespace
}  // namespace muster::io

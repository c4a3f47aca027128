#include "cli/looks.hpp"

#include "core/log.hpp"
#include "core/text.hpp"
#include "io/looks.hpp"

namespace muster::cli {
namespace {

struct Counted {
  std::vector<io::Look> looks;
  std::string journal;  ///< its name, or why it is not kept
  bool is_kept = true;
};

Counted count(std::filesystem::path const& journal, io::Look const& look) {
  try {
    return {io::looks_between(io::add_look(journal, look), look.from, look.to), journal.filename().string(), true};
  } catch (Error const& error) {
    log::warn("this look at the test span is not counted for later jobs: {}", error.what());
    return {{look}, error.what(), false};
  }
}

Table table_of(Counted const& counted, std::string const& job_hash) {
  std::vector<std::string> at, job, from, to, champion, journal;
  std::vector<double> psr;
  std::vector<std::int64_t> is_this, is_kept;
  for (auto const& look : counted.looks) {
    at.push_back(look.at_utc);
    job.push_back(look.job_hash);
    is_this.push_back(look.job_hash == job_hash ? 1 : 0);
    from.push_back(look.from);
    to.push_back(look.to);
    psr.push_back(look.psr);
    champion.push_back(look.champion);
    journal.push_back(counted.journal);
    is_kept.push_back(counted.is_kept ? 1 : 0);
  }
  return {std::string(looks_table),
          "Jobs that have judged by bars of this test span, this one included; no part of the answer.",
          {{"at", "", at}, {"job", "", job}, {"is_this_job", "1", is_this}, {"from", "", from}, {"to", "", to},
           {"test_psr", "1", psr}, {"champion", "", champion}, {"journal", "", journal}, {"is_kept", "1", is_kept}}};
}

}  // namespace

void check_journal(jobs::Job const& job) {
  if (auto const journal = job.looks_journal()) io::read_looks(*journal);
}

void count_look(jobs::Job const& job, io::Result& result) {
  auto look = job.look(result.tables);
  if (!look) return;
  look->at_utc = result.ended_utc;
  look->job_hash = result.job_hash;
  result.tables.push_back(table_of(count(*job.looks_journal(), *look), result.job_hash));
}

}  // namespace muster::cli

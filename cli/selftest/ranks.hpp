// Checks between ranks: rank 0 asks, the others answer. Only links to rank 0 carry messages in a run.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/selftest/gpu_sums.hpp"
#include "cli/selftest/line.hpp"
#include "comm/transport.hpp"

namespace muster::cli::selftest {

/// What one rank found on its own.
struct RankReport {
  std::string host;
  std::vector<std::pair<std::string, std::string>> build;  ///< "git sha", "af63e54"; equal on all ranks
  std::vector<int> gpus;                                   ///< CUDA ordinals it drives
  Lines lines;
};
comm::Bytes encode(RankReport const& report);
/// Throws Error (Exit::environment) for a message of another muster, (Exit::bug) for one cut short.
RankReport decode_report(comm::Bytes const& bytes);

/// Time, so that tests can have their own.
struct Clocks {
  std::function<double()> steady_s;
  std::function<double()> wall_s;  ///< since 1970
};
Clocks system_clocks();

using SumOnGpus = std::function<SumFindings(SumShare const&)>;

/// Every rank but 0: sends its report, then answers until rank 0 says stop. Throws Error
/// (Exit::environment) when rank 0 is silent for `patience`.
void serve(comm::Transport& transport, RankReport const& mine, Clocks const& clocks, SumOnGpus const& sum,
           std::chrono::seconds patience);

/// Rank 0's end. A rank that does not answer in `patience` is left out from then on, and a line tells it.
class Ranks {
 public:
  Ranks(comm::Transport& transport, RankReport mine, Clocks clocks, std::chrono::seconds patience);
  /// Waits for all reports; a failed line for each that does not come.
  Lines collect();
  /// By rank, the own one first; empty for a rank that is lost.
  std::vector<std::optional<RankReport>> const& reports() const { return reports_; }
  int hosts() const;
  std::size_t gpus() const;

  /// Latency, bandwidth and clock skew of every link to rank 0.
  Lines check_links();
  /// Every rank has to see a file that rank 0 writes into `folder`.
  Line check_folder(std::filesystem::path const& folder);
  /// One sum over all GPUs of all ranks. `link_bytes_per_s`: 0 = not known.
  Line check_gpu_sums(SumOnGpus const& sum, double link_bytes_per_s);
  /// Lets the others go. The last call.
  void stop();

 private:
  std::optional<comm::Bytes> await(int rank);
  std::optional<comm::Bytes> exchange(int rank, comm::Bytes request);
  void lose(int rank);
  bool is_lost(int rank) const { return !reports_[static_cast<std::size_t>(rank)]; }
  std::string name_of(int rank) const;
  std::vector<int> others() const;

  comm::Transport& transport_;
  Clocks clocks_;
  std::chrono::seconds patience_;
  std::vector<std::optional<RankReport>> reports_;
};

/// One link to rank 0.
struct LinkFindings {
  int rank = 0;
  double latency_s = 0;      ///< one way, half of the median round trip of a small message
  double bytes_per_s = 0;    ///< one way, a message of some MiB there and back
  double skew_s = 0;         ///< its clock minus rank 0's
  double skew_within_s = 0;  ///< how wrong that may be
};
Line judge_latency(std::vector<LinkFindings> const& links);
Line judge_bandwidth(std::vector<LinkFindings> const& links);
Line judge_skew(std::vector<LinkFindings> const& links);
/// The first difference fails.
Line judge_builds(std::vector<std::optional<RankReport>> const& reports);
/// What other ranks found, named by rank and host: what failed, and their GPUs.
Lines lines_of_others(std::vector<std::optional<RankReport>> const& reports);

}  // namespace muster::cli::selftest

#include "cli/selftest/ranks.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "worker/wire.hpp"

namespace muster::cli::selftest {
namespace {

using SteadyClock = std::chrono::steady_clock;
using worker::WireReader;
using worker::WireWriter;

constexpr std::uint32_t report_magic = 0x5453554d;  // "MUST"
constexpr std::uint32_t report_version = 1;
constexpr int round_trips = 50;
constexpr int large_round_trips = 3;
constexpr std::size_t large_bytes = std::size_t{4} << 20;
// A lease is a good fraction of a second of work and its sums are some kilobytes: slower links than these
// would hold up compute threads.
constexpr double most_latency_s = 0.05;
constexpr double least_bytes_per_s = 1e7;
constexpr double most_skew_s = 5;
/// Network file systems show a new file to other clients after some seconds.
constexpr std::chrono::seconds folder_patience{10};
constexpr std::uint64_t most_nonce_bytes = 1000;

enum class Ask : std::uint8_t { echo = 1, look = 2, sum = 3, stop = 4 };

void put_lines(WireWriter& out, Lines const& lines) {
  out.put<std::uint64_t>(lines.size());
  for (auto const& line : lines) {
    out.put(static_cast<std::uint8_t>(line.verdict));
    for (auto const* text : {&line.check, &line.figure, &line.reason}) out.put_text(*text);
    out.put<std::uint64_t>(line.values.size());
    for (auto const& [name, value] : line.values) {
      out.put_text(name);
      out.put(value);
    }
  }
}

Line get_line(WireReader& in) {
  Line line;
  auto const verdict = in.get<std::uint8_t>();
  MUSTER_ASSERT(verdict <= static_cast<std::uint8_t>(Verdict::not_applicable), "verdict {}", verdict);
  line.verdict = static_cast<Verdict>(verdict);
  line.check = in.get_text();
  line.figure = in.get_text();
  line.reason = in.get_text();
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    auto name = in.get_text();
    line.values.emplace_back(std::move(name), in.get<double>());
  }
  return line;
}

/// "" when the file holds the nonce; waits for it.
std::string look_for(std::string const& path, std::string const& nonce) {
  std::string reason;
  auto const deadline = SteadyClock::now() + folder_patience;
  do {
    try {
      if (read_whole_file(path, most_nonce_bytes, "selftest file") == nonce) return "";
      reason = path + " has other contents there";
    } catch (Error const& error) {
      reason = error.what();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (SteadyClock::now() < deadline);
  return reason;
}

comm::Bytes answer_look(WireReader& in) {
  auto const path = in.get_text();
  auto const nonce = in.get_text();
  WireWriter out;
  out.put_text(look_for(path, nonce));
  return out.take();
}

comm::Bytes answer_sum(WireReader& in, std::vector<int> const& gpus, SumOnGpus const& sum) {
  std::vector<std::byte> id;
  in.get_array(id, comm::NcclId{}.size());
  SumShare share;
  std::copy(id.begin(), id.end(), share.id.begin());
  share.first = in.get<std::int32_t>();
  share.size = in.get<std::int32_t>();
  share.gpus = gpus;
  auto const findings = sum(share);
  WireWriter out;
  out.put(findings.seconds);
  out.put_text(findings.fault);
  return out.take();
}

/// The clock, then what came.
comm::Bytes answer_echo(comm::Bytes const& body, Clocks const& clocks) {
  WireWriter out;
  out.put(clocks.wall_s());
  out.put_array(std::span<std::byte const>(body).subspan(1));
  return out.take();
}

comm::Bytes ask_for(Ask what, std::size_t more = 0) {
  comm::Bytes bytes(1 + more);
  bytes[0] = static_cast<std::byte>(what);
  return bytes;
}

double median(std::vector<double>& values) {
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The worst first, for a judgement's words.
template <class Key>
LinkFindings worst_of(std::vector<LinkFindings> const& links, Key const& key) {
  return *std::max_element(links.begin(), links.end(), [&](auto const& a, auto const& b) { return key(a) < key(b); });
}

}  // namespace

comm::Bytes encode(RankReport const& report) {
  WireWriter out;
  out.put(report_magic);
  out.put(report_version);
  out.put_text(report.host);
  out.put<std::uint64_t>(report.build.size());
  for (auto const& [what, value] : report.build) {
    out.put_text(what);
    out.put_text(value);
  }
  out.put<std::uint64_t>(report.gpus.size());
  out.put_array(std::span<int const>(report.gpus));
  put_lines(out, report.lines);
  return out.take();
}

RankReport decode_report(comm::Bytes const& bytes) {
  WireReader in(bytes);
  bool const is_ours = bytes.size() >= 8 && in.get<std::uint32_t>() == report_magic && in.get<std::uint32_t>() == report_version;
  MUSTER_REQUIRE_ENV(is_ours, "a rank sent a report of another kind (it runs another muster); install the same one "
                     "everywhere");
  RankReport report;
  report.host = in.get_text();
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    auto what = in.get_text();
    report.build.emplace_back(std::move(what), in.get_text());
  }
  auto const gpus = in.get<std::uint64_t>();
  in.get_array(report.gpus, gpus);
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) report.lines.push_back(get_line(in));
  return report;
}

Clocks system_clocks() {
  auto const seconds = [](auto const& now) { return std::chrono::duration<double>(now.time_since_epoch()).count(); };
  return {[seconds] { return seconds(SteadyClock::now()); }, [seconds] { return seconds(std::chrono::system_clock::now()); }};
}

void serve(comm::Transport& transport, RankReport const& mine, Clocks const& clocks, SumOnGpus const& sum,
           std::chrono::seconds patience) {
  transport.send(0, encode(mine));
  for (;;) {
    auto const message = transport.poll(patience);
    MUSTER_REQUIRE_ENV(message && !message->body.empty(), "rank 0 was silent for {} s (it waits for this rank's answers no "
                       "more); look at its messages", patience.count());
    WireReader in(message->body);
    switch (static_cast<Ask>(in.get<std::uint8_t>())) {
      case Ask::echo: transport.send(0, answer_echo(message->body, clocks)); break;
      case Ask::look: transport.send(0, answer_look(in)); break;
      case Ask::sum: transport.send(0, answer_sum(in, mine.gpus, sum)); break;
      case Ask::stop: return;
      default: throw_error(Exit::bug, "a selftest message of an unknown kind; please report it");
    }
  }
}

Ranks::Ranks(comm::Transport& transport, RankReport mine, Clocks clocks, std::chrono::seconds patience)
    : transport_(transport), clocks_(std::move(clocks)), patience_(patience),
      reports_(static_cast<std::size_t>(transport.size())) {
  reports_[0] = std::move(mine);
}

Lines Ranks::collect() {
  auto const silent = fmt::format("sent no report within {} s (a run would wait for it in vain); look at its messages and "
                                  "its machine", patience_.count());
  std::map<int, std::string> missing;
  for (int rank = 1; rank < transport_.size(); ++rank) missing[rank] = silent;
  auto waiting = missing.size();
  for (auto const deadline = SteadyClock::now() + patience_; waiting > 0 && SteadyClock::now() < deadline;) {
    auto const message = transport_.poll(std::chrono::milliseconds(100));
    if (!message) continue;
    --waiting;
    try {
      reports_[static_cast<std::size_t>(message->from)] = decode_report(message->body);
      missing.erase(message->from);
    } catch (Error const& error) {
      missing[message->from] = error.what();
    }
  }
  Lines lines;
  for (auto const& [rank, reason] : missing) {
    lines.push_back(failed(fmt::format("rank {}", rank), "", reason));
    lose(rank);
  }
  return lines;
}

int Ranks::hosts() const {
  std::set<std::string> names;
  for (auto const& report : reports_)
    if (report) names.insert(report->host);
  return static_cast<int>(names.size());
}

std::size_t Ranks::gpus() const {
  std::size_t count = 0;
  for (auto const& report : reports_)
    if (report) count += report->gpus.size();
  return count;
}

std::vector<int> Ranks::others() const {
  std::vector<int> ranks;
  for (int rank = 1; rank < transport_.size(); ++rank)
    if (!is_lost(rank)) ranks.push_back(rank);
  return ranks;
}

std::string Ranks::name_of(int rank) const {
  auto const& report = reports_[static_cast<std::size_t>(rank)];
  return fmt::format("rank {} on {}", rank, report ? report->host : "a lost machine");
}

/// It may yet come to itself, and is to leave then.
void Ranks::lose(int rank) {
  transport_.send(rank, ask_for(Ask::stop));
  reports_[static_cast<std::size_t>(rank)].reset();
  transport_.mark_lost(rank);
}

/// The next message of `rank`, whatever others still say; the rank is lost when none comes.
std::optional<comm::Bytes> Ranks::await(int rank) {
  for (auto const deadline = SteadyClock::now() + patience_; SteadyClock::now() < deadline;) {
    auto message = transport_.poll(std::chrono::milliseconds(100));
    if (message && message->from == rank) return std::move(message->body);
  }
  lose(rank);
  return std::nullopt;
}

std::optional<comm::Bytes> Ranks::exchange(int rank, comm::Bytes request) {
  transport_.send(rank, std::move(request));
  return await(rank);
}

namespace {

/// A message to a rank and back.
struct RoundTrip {
  double seconds = 0;
  double skew_s = 0;
};

}  // namespace

Lines Ranks::check_links() {
  std::vector<LinkFindings> links;
  Lines lines;
  auto const round_trip = [this](int rank, std::size_t bytes) -> std::optional<RoundTrip> {
    double const wall = clocks_.wall_s(), start = clocks_.steady_s();
    auto const reply = exchange(rank, ask_for(Ask::echo, bytes));
    if (!reply) return std::nullopt;
    double const taken = clocks_.steady_s() - start;
    return RoundTrip{taken, WireReader(*reply).get<double>() - (wall + taken / 2)};
  };
  auto const measure = [&](int rank) -> std::optional<LinkFindings> {
    std::vector<double> times;
    LinkFindings link{rank, 0, 0, 0, INFINITY};
    for (int i = 0; i < round_trips; ++i) {
      auto const trip = round_trip(rank, 0);
      if (!trip) return std::nullopt;
      times.push_back(trip->seconds);
      if (trip->seconds / 2 < link.skew_within_s) {
        link.skew_within_s = trip->seconds / 2;
        link.skew_s = trip->skew_s;
      }
    }
    link.latency_s = median(times) / 2;
    for (int i = 0; i < large_round_trips; ++i) {
      auto const trip = round_trip(rank, large_bytes);
      if (!trip) return std::nullopt;
      link.bytes_per_s = std::max(link.bytes_per_s, 2.0 * large_bytes / std::max(trip->seconds, 1e-9));
    }
    return link;
  };
  for (int const rank : others()) {
    auto const name = name_of(rank);
    if (auto const link = measure(rank))
      links.push_back(*link);
    else
      lines.push_back(failed(name, "", fmt::format("stopped answering for {} s (a run would lose it); look at its messages "
                                                   "and its machine", patience_.count())));
  }
  if (links.empty()) return lines;
  lines.push_back(judge_latency(links));
  lines.push_back(judge_bandwidth(links));
  lines.push_back(judge_skew(links));
  return lines;
}

Line Ranks::check_folder(std::filesystem::path const& folder) {
  if (others().empty()) return not_applicable("shared folder", "no other rank");
  auto const path = std::filesystem::absolute(folder) / fmt::format(".muster-selftest-shared-{}", ::getpid());
  auto const nonce = fmt::format("{} {:.9f}\n", transport_.host(), clocks_.wall_s());
  io::write_file(path, nonce);
  std::string problem;
  int seen = 0, asked = 0;
  for (int const rank : others()) {
    auto const name = name_of(rank);
    WireWriter request(ask_for(Ask::look));
    request.put_text(path.string());
    request.put_text(nonce);
    auto const reply = exchange(rank, request.take());
    auto const reason = reply ? WireReader(*reply).get_text() : std::string("no answer");
    ++asked;
    if (reason.empty()) ++seen;
    else if (problem.empty()) problem = fmt::format("{}: {}", name, reason);
  }
  std::error_code ignored;  // it may be gone with its folder
  std::filesystem::remove(path, ignored);
  auto const figure = fmt::format("{} of {} see it", seen, asked);
  if (problem.empty()) return passed("shared folder", figure, "a file that rank 0 wrote there");
  return failed("shared folder", figure, problem + " (a run that goes on on other machines would not find its state); use a "
                                                   "folder that all machines share");
}

Line Ranks::check_gpu_sums(SumOnGpus const& sum, double link_bytes_per_s) {
  auto const total = static_cast<int>(gpus());
  SumShare mine{comm::make_nccl_id(), 0, total, reports_[0]->gpus};
  int first = static_cast<int>(mine.gpus.size());
  std::vector<int> asked;
  for (int const rank : others()) {
    auto const count = reports_[static_cast<std::size_t>(rank)]->gpus.size();
    if (count == 0) continue;
    WireWriter request(ask_for(Ask::sum));
    request.put_array(std::span<std::byte const>(mine.id));
    request.put<std::int32_t>(first);
    request.put<std::int32_t>(total);
    transport_.send(rank, request.take());
    asked.push_back(rank);
    first += static_cast<int>(count);
  }
  auto findings = sum(mine);
  // Answers come in any order.
  for (auto left = asked.size(); left > 0; --left) {
    auto const message = transport_.poll(patience_);
    if (!message) {
      findings.fault = "not every rank answered after the sum";
      break;
    }
    WireReader in(message->body);
    findings.seconds = std::max(findings.seconds, in.get<double>());
    auto const fault = in.get_text();
    if (findings.fault.empty() && !fault.empty()) findings.fault = name_of(message->from) + ": " + fault;
  }
  return judge_gpu_sums(findings, total, link_bytes_per_s);
}

void Ranks::stop() {
  for (int const rank : others()) transport_.send(rank, ask_for(Ask::stop));
}

Line judge_latency(std::vector<LinkFindings> const& links) {
  auto const slowest = worst_of(links, [](auto const& link) { return link.latency_s; });
  auto const figure = human_duration(slowest.latency_s);
  auto line = slowest.latency_s <= most_latency_s
                  ? passed("MPI latency", figure, fmt::format("one way, the slowest link: rank {} and rank 0", slowest.rank))
                  : failed("MPI latency", figure,
                           fmt::format("between rank {} and rank 0, more than {} (devices would wait for their leases); "
                                       "check which network MPI uses", slowest.rank, human_duration(most_latency_s)));
  line.values = {{"seconds", slowest.latency_s}};
  return line;
}

Line judge_bandwidth(std::vector<LinkFindings> const& links) {
  auto const slowest = worst_of(links, [](auto const& link) { return -link.bytes_per_s; });
  auto const figure = fmt::format("{:.3g} MB/s", slowest.bytes_per_s * 1e-6);
  auto line = slowest.bytes_per_s >= least_bytes_per_s
                  ? passed("MPI bandwidth", figure, fmt::format("the slowest link: rank {} and rank 0", slowest.rank))
                  : failed("MPI bandwidth", figure,
                           fmt::format("between rank {} and rank 0, less than {:.0f} MB/s (devices would wait for their "
                                       "sums to leave); check which network MPI uses", slowest.rank, least_bytes_per_s * 1e-6));
  line.values = {{"bytes_per_s", slowest.bytes_per_s}};
  return line;
}

Line judge_skew(std::vector<LinkFindings> const& links) {
  auto const worst = worst_of(links, [](auto const& link) { return std::abs(link.skew_s) - link.skew_within_s; });
  auto const figure = human_duration(std::abs(worst.skew_s));
  auto line = std::abs(worst.skew_s) - worst.skew_within_s <= most_skew_s
                  ? passed("clock skew", figure, fmt::format("rank {} and rank 0, known within {}", worst.rank,
                                                             human_duration(worst.skew_within_s)))
                  : failed("clock skew", figure,
                           fmt::format("between rank {} and rank 0, more than {} (times in states and logs would mislead); "
                                       "synchronise the machines' clocks", worst.rank, human_duration(most_skew_s)));
  line.values = {{"seconds", worst.skew_s}, {"within_seconds", worst.skew_within_s}};
  return line;
}

Line judge_builds(std::vector<std::optional<RankReport>> const& reports) {
  auto const& mine = *reports.at(0);
  for (std::size_t rank = 1; rank < reports.size(); ++rank) {
    if (!reports[rank]) continue;
    auto const& theirs = reports[rank]->build;
    for (std::size_t i = 0; i < mine.build.size(); ++i) {
      auto const& [what, value] = mine.build[i];
      auto const other = i < theirs.size() && theirs[i].first == what ? theirs[i].second : std::string("unknown");
      if (other == value) continue;
      return failed("same build", "", fmt::format("{} is {} on rank {} ({}) and {} on rank 0 (ranks of different builds do "
                                                  "not work together); install the same muster and libraries everywhere",
                                                  what, printable(other), rank, reports[rank]->host, value));
    }
  }
  std::string all;
  for (auto const& [what, value] : mine.build) all += fmt::format("{}{} {}", all.empty() ? "" : ", ", what, value);
  return passed("same build", fmt::format("{} rank{}", reports.size(), reports.size() == 1 ? "" : "s"), all);
}

Lines lines_of_others(std::vector<std::optional<RankReport>> const& reports) {
  Lines lines;
  for (std::size_t rank = 1; rank < reports.size(); ++rank) {
    if (!reports[rank]) continue;
    for (auto line : reports[rank]->lines) {
      bool const is_of_gpu = line.check.starts_with("GPU ") && line.verdict != Verdict::not_applicable;
      if (line.verdict != Verdict::fail && !is_of_gpu) continue;
      line.check = fmt::format("rank {} on {}: {}", rank, reports[rank]->host, line.check);
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace muster::cli::selftest

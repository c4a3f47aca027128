#include "io/looks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/run_lock.hpp"
#include "io/small_file.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view looks_head = "muster looks 1\n";
constexpr std::uint64_t most_looks_bytes = std::uint64_t{64} << 20;
constexpr std::size_t most_champion_bytes = 2000;
constexpr std::chrono::seconds lock_patience{10};
constexpr std::chrono::milliseconds lock_interval{20};
constexpr std::size_t field_count = 7;

using Fields = std::array<std::string_view, field_count>;

/// The number of fields, of which the first seven are in `to`.
std::size_t split(std::string_view line, Fields& to) {
  std::size_t count = 0;
  for (bool is_last = false; !is_last; ++count) {
    auto const end = std::min(line.find('\t'), line.size());
    is_last = end == line.size();
    if (count < field_count) to[count] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return count;
}

bool is_probability(double value) { return std::isnan(value) || (value >= 0 && value <= 1); }

double parse_psr(std::string_view text) {
  return text == "nan" ? std::numeric_limits<double>::quiet_NaN() : parse_number(text).value_or(-1);
}

/// What is wrong with it, or nothing.
std::string fault_in(Look const& look) {
  for (auto const* instant : {&look.at_utc, &look.from, &look.to})
    if (!is_utc_instant(*instant)) return "'" + printable(*instant) + "' is no instant such as 2026-01-31T09:30:00Z";
  for (auto const* hash : {&look.job_hash, &look.bars_digest})
    if (!is_hash(*hash)) return "'" + printable(*hash) + "' is no digest of 64 hex digits";
  if (look.to < look.from) return "the span ends before it begins";
  if (!is_probability(look.psr)) return "the probability is not between 0 and 1";
  bool const is_text = is_clean_text(look.champion) && look.champion.size() <= most_champion_bytes;
  return is_text ? "" : "the champion is no text";
}

[[noreturn]] void refuse(fs::path const& path, std::size_t line, std::string const& what) {
  throw_error(Exit::user, "{} line {}: {} (the file counts who has looked at a test span: a look that cannot be read is lost); "
              "repair the line or remove it", path.string(), line, what);
}

Look parse_line(std::string_view line, fs::path const& path, std::size_t number) {
  Fields field;
  if (auto const count = split(line, field); count != field_count)
    refuse(path, number, fmt::format("{} fields instead of {}", count, field_count));
  Look look{std::string(field[0]), std::string(field[1]), std::string(field[2]), std::string(field[3]),
            std::string(field[4]), parse_psr(field[5]),   std::string(field[6])};
  if (auto const fault = fault_in(look); !fault.empty()) refuse(path, number, fault);
  return look;
}

bool is_same_look(Look const& a, Look const& b) { return a.job_hash == b.job_hash && a.from == b.from && a.to == b.to; }

/// Others hold it for an instant alone.
std::unique_ptr<RunLock> locked(fs::path const& path) {
  auto const deadline = std::chrono::steady_clock::now() + lock_patience;
  for (;;) try {
      return std::make_unique<RunLock>(path);
    } catch (Error const& error) {
      if (error.retry() == Retry::useless || std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::sleep_for(lock_interval);
    }
}

fs::path with_suffix(fs::path path, char const* suffix) { return path += suffix; }

}  // namespace

fs::path looks_path(fs::path const& bars) { return with_suffix(bars, ".looks"); }

std::string format_look(Look const& look) {
  auto const fault = fault_in(look);
  MUSTER_ASSERT(fault.empty() && look.champion.find_first_of("\t\n\r") == std::string::npos, "a look that nobody could read: {}", fault);
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", look.at_utc, look.job_hash, look.bars_digest, look.from, look.to,
                     std::isnan(look.psr) ? "nan" : plain_number(look.psr), look.champion);
}

std::vector<Look> parse_looks(std::string_view text, fs::path const& path) {
  if (!text.starts_with(looks_head)) refuse(path, 1, "it does not say 'muster looks 1'");
  std::vector<Look> looks;
  text.remove_prefix(looks_head.size());
  for (std::size_t number = 2; text.find('\n') != std::string_view::npos; ++number) {
    auto const end = text.find('\n');
    looks.push_back(parse_line(text.substr(0, end), path, number));
    text.remove_prefix(end + 1);
  }
  return looks;
}

std::vector<Look> read_looks(fs::path const& path) {
  auto const text = read_if_there(path, most_looks_bytes);
  return text ? parse_looks(*text, path) : std::vector<Look>{};
}

std::vector<Look> add_look(fs::path const& path, Look const& look) {
  auto const lock = locked(with_suffix(path, ".lock"));
  auto looks = read_looks(path);
  if (std::ranges::any_of(looks, [&](Look const& one) { return is_same_look(one, look); })) return looks;
  looks.push_back(look);
  std::string text(looks_head);
  for (Look const& one : looks) text += format_look(one);
  write_file(path, text);
  return looks;
}

std::vector<Look> looks_between(std::vector<Look> const& looks, std::string const& from, std::string const& to) {
  std::vector<Look> found;
  std::ranges::copy_if(looks, std::back_inserter(found), [&](Look const& look) { return look.from <= to && look.to >= from; });
  return found;
}

}  // namespace muster::io

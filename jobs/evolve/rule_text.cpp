#include "jobs/evolve/rule_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "kernels/backtest/features.hpp"

namespace muster::jobs::evolve {
namespace {

using kernels::backtest::Rule;
using kernels::backtest::Sides;
using kernels::backtest::Sizing;
using kernels::backtest::Term;

std::string halves(std::uint16_t half_percent) {
  return fmt::format("{}{}%", half_percent / 2, half_percent % 2 != 0 ? ".5" : "");
}

/// Of an indicator, or of a learned feature behind them.
std::string kind_name(std::size_t kind) {
  using namespace kernels::backtest;
  if (kind < indicator_count) return std::string(indicator_name(static_cast<Indicator>(kind)));
  return fmt::format("latent_{}", kind - indicator_count + 1);
}

bool is_blank(Term const& term) { return term.kind == 0 && term.window == 0 && term.weight_percent == 0; }

/// Reads a rule from left to right.
class RuleReader {
 public:
  RuleReader(std::string_view text, std::span<std::uint16_t const> windows, std::uint64_t learned)
      : whole_(text), rest_(text), windows_(windows), kinds_(kernels::backtest::indicator_count + learned) {}

  Rule read() {
    read_terms();
    bool has_long = false, has_short = false;
    while (take(';')) {
      std::string_view const word = take_word();
      if (word == "long" || word == "short") {
        (word == "long" ? has_long : has_short) = true;
        read_side(word == "long" ? rule_.enter_long : rule_.enter_short, word == "long" ? rule_.exit_long : rule_.exit_short);
      } else if (word == "stop") {
        rule_.stop_half_percent = take_halves();
      } else if (word == "target") {
        rule_.target_half_percent = take_halves();
      } else if (word == "hold") {
        rule_.holding_bars = static_cast<std::uint16_t>(take_whole(0, 65'535));
      } else if (word == "size") {
        read_size();
      } else {
        refuse("long, short, stop, target, hold or size");
      }
    }
    skip();
    if (!rest_.empty()) refuse("; or the end");
    if (!has_long && !has_short) refuse("long in ...% out ...% or short in ...% out ...%");
    finish(has_long, has_short);
    return rule_;
  }

 private:
  void read_terms() {
    int count = 0;
    for (skip(); !rest_.empty() && (rest_.front() == '+' || rest_.front() == '-'); skip()) {
      if (count == kernels::backtest::most_terms) refuse("at most 8 terms");
      rule_.terms[count++] = read_term();
    }
    if (count == 0) refuse("a term such as +35% sma(20)");
  }
  Term read_term() {
    Term term;
    term.weight_percent = static_cast<std::int16_t>(take_whole(-100, 100));
    expect('%');
    term.kind = take_kind();
    expect('(');
    term.window = take_window();
    expect(')');
    return term;
  }
  void read_side(std::int16_t& in, std::int16_t& out) {
    expect_word("in");
    in = static_cast<std::int16_t>(take_whole(-100, 100));
    expect('%');
    expect_word("out");
    out = static_cast<std::int16_t>(take_whole(-100, 100));
    expect('%');
  }
  void read_size() {
    rule_.size_percent = static_cast<std::uint16_t>(take_whole(1, 1000));
    expect('%');
    skip();
    if (rest_.empty() || rest_.front() == ';') return;
    expect_word("by");
    expect_word("volatility");
    rule_.sizing = Sizing::volatility;
  }
  /// Thresholds of a side that a rule has not are out of reach.
  void finish(bool has_long, bool has_short) {
    rule_.sides = has_long && has_short ? Sides::both : has_long ? Sides::long_only : Sides::short_only;
    if (!has_long) rule_.enter_long = rule_.exit_long = 100;
    if (!has_short) rule_.enter_short = rule_.exit_short = -100;
  }

  void skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }
  bool take(char wanted) {
    skip();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) refuse(std::string(1, wanted));
  }
  std::string_view take_span(std::string_view characters) {
    skip();
    auto const length = std::min(rest_.find_first_not_of(characters), rest_.size());
    auto const taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }
  std::string_view take_word() { return take_span("abcdefghijklmnopqrstuvwxyz_"); }
  void expect_word(std::string_view wanted) {
    auto const before = rest_;
    if (take_word() == wanted) return;
    rest_ = before;
    refuse(wanted);
  }
  double take_number() {
    skip();
    if (!rest_.empty() && rest_.front() == '+') rest_.remove_prefix(1);
    auto const number = parse_number(take_span("-0123456789."));
    if (!number) refuse("a number");
    return *number;
  }
  int take_whole(int low, int high) {
    auto const before = rest_;
    double const number = take_number();
    if (number >= low && number <= high && number == static_cast<double>(static_cast<int>(number))) return static_cast<int>(number);
    rest_ = before;
    refuse(fmt::format("a whole number from {} to {}", low, high));
  }
  std::uint16_t take_halves() {
    auto const before = rest_;
    double const twice = 2 * take_number();
    if (twice < 0 || twice > 2000 || twice != static_cast<double>(static_cast<int>(twice))) {
      rest_ = before;
      refuse("a number of percent in steps of 0.5");
    }
    expect('%');
    return static_cast<std::uint16_t>(twice);
  }
  std::uint8_t take_kind() {
    auto const before = rest_;
    auto const word = take_span("abcdefghijklmnopqrstuvwxyz_0123456789");
    std::vector<std::string> names;
    for (std::size_t kind = 0; kind < kinds_; ++kind) {
      names.push_back(kind_name(kind));
      if (names.back() == word) return static_cast<std::uint8_t>(kind);
    }
    rest_ = before;
    std::vector<std::string_view> const known(names.begin(), names.end());
    refuse(fmt::format("an indicator; {}", suggest(word, known)));
  }
  std::uint8_t take_window() {
    int const bars = take_whole(1, 65'535);
    auto const at = std::ranges::find(windows_, static_cast<std::uint16_t>(bars));
    if (at == windows_.end()) refuse(fmt::format("a window of the job's rules.windows, which {} is not", bars));
    return static_cast<std::uint8_t>(at - windows_.begin());
  }

  [[noreturn]] void refuse(std::string_view wanted) {
    auto const at = whole_.size() - rest_.size();
    throw_error(Exit::user, "the rule stops making sense at \"{}\" (character {}); write {}",
                printable(rest_.empty() ? "its end" : rest_.substr(0, 20)), at + 1, wanted);
  }

  std::string_view whole_, rest_;
  std::span<std::uint16_t const> windows_;
  std::size_t kinds_;
  Rule rule_;
};

}  // namespace

std::string rule_text(Rule const& rule, std::span<std::uint16_t const> windows) {
  std::string text;
  int last = kernels::backtest::most_terms;
  while (last > 1 && is_blank(rule.terms[last - 1])) --last;
  for (int i = 0; i < last; ++i)
    text += fmt::format("{}{:+}% {}({})", i == 0 ? "" : " ", rule.terms[i].weight_percent,
                        kind_name(rule.terms[i].kind), windows[rule.terms[i].window]);
  if (rule.sides != Sides::short_only) text += fmt::format("; long in {}% out {}%", rule.enter_long, rule.exit_long);
  if (rule.sides != Sides::long_only) text += fmt::format("; short in {}% out {}%", rule.enter_short, rule.exit_short);
  if (rule.stop_half_percent != 0) text += "; stop " + halves(rule.stop_half_percent);
  if (rule.target_half_percent != 0) text += "; target " + halves(rule.target_half_percent);
  if (rule.holding_bars != 0) text += fmt::format("; hold {}", rule.holding_bars);
  text += fmt::format("; size {}%{}", rule.size_percent, rule.sizing == Sizing::volatility ? " by volatility" : "");
  return text;
}

Rule parse_rule(std::string_view text, std::span<std::uint16_t const> windows, std::uint64_t learned) {
  return RuleReader(text, windows, learned).read();
}

}  // namespace muster::jobs::evolve

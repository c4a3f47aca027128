// One backtest in full precision, told trade by trade; compiled once per instruction set.
#include "kernels/backtest/host_engine.hpp"
#include "kernels/backtest/isa_doors.hpp"

MUSTER_BACKTEST_BEGIN
namespace {

/// Sees the positions after each stage and tells what became of them.
class DetailWatch {
 public:
  DetailWatch(std::size_t padded, DetailSink& sink) : open_(padded), before_(padded), sink_(sink) {}

  template <class Engine>
  void on_events(Engine const& engine) {
    auto const& tape = engine.tape();
    for (std::uint32_t e = tape.event_begin[engine.bar()]; e < tape.event_begin[engine.bar() + 1]; ++e)
      see_event(engine, tape.events[e]);
  }
  template <class Engine>
  void on_exits(Engine const& engine) {
    for (std::size_t s = 0; s < open_.size(); ++s)
      if (open_[s].entry_shares != 0 && engine.positions().shares[s] == 0)
        tell(engine, s, exit_price<double>(before_[s], quoted(engine, engine.tape().open, s), engine.fills()), decided_[s]);
  }
  template <class Engine>
  void on_entries(Engine const& engine) {
    for (std::size_t s = 0; s < open_.size(); ++s)
      if (open_[s].entry_shares == 0 && engine.positions().shares[s] != 0) see_entry(engine, s);
  }
  template <class Engine>
  void on_touches(Engine const& engine) {
    for (std::size_t s = 0; s < open_.size(); ++s)
      if (open_[s].entry_shares != 0 && engine.positions().shares[s] == 0) see_touch(engine, s);
  }
  template <class Engine>
  void on_end(Engine const& engine) {
    for (std::size_t s = 0; s < open_.size(); ++s)
      if (open_[s].entry_shares != 0)
        tell(engine, s, exit_price<double>(before_[s], quoted(engine, engine.tape().close, s), engine.fills()), Reason::end);
  }
  template <class Engine>
  void on_close(Engine const& engine) {
    for (std::size_t s = 0; s < open_.size(); ++s)
      if ((engine.positions().orders[s] & order_exit) != 0) see_decision(engine, s);
    Account const& account = engine.account();
    if (account.tally.ending == Ending::out_of_range) return;
    sink_.on_close(account.equity, account.equity > 0 ? to_usd(engine.gross()) / account.equity : 0);
  }
  explicit DetailWatch(DetailWatch const&) = delete;

 private:
  template <class Engine>
  static double quoted(Engine const& engine, Aligned<double> const& of, std::size_t s) {
    return of[std::size_t{engine.bar()} * engine.tape().padded + s];
  }

  template <class Engine>
  void see_event(Engine const& engine, Tape<double>::Event const& event) {
    std::size_t const s = event.symbol;
    if (open_[s].entry_shares == 0) return;
    if (event.delisted)
      return tell(engine, s, exit_price<double>(before_[s], quoted(engine, engine.tape().close, s), engine.fills()), Reason::delisted);
    Position<double> at;
    at.shares = before_[s];
    open_[s].dividends_usd += to_usd(to_money(apply_event(event.split, event.inverse_split, event.dividend, at)));
    before_[s] = at.shares;
  }

  template <class Engine>
  void see_entry(Engine const& engine, std::size_t s) {
    double const shares = engine.positions().shares[s];
    double const open = quoted(engine, engine.tape().open, s);
    Position<double> at;
    auto const fill = enter_at_open<double>(shares, open, engine.rule(), engine.fills(), at);
    Trade& trade = open_[s];
    trade = Trade{};
    trade.symbol = static_cast<std::uint32_t>(s);
    trade.entry_bar = engine.bar();
    trade.entry_shares = shares;
    trade.entry_price_usd = open * (shares > 0 ? engine.fills().buy : engine.fills().sell);
    trade.fees_usd = to_usd(to_money(fill.fee));
    trade.result_usd = to_usd(to_money(fill.received));
    before_[s] = shares;
  }

  template <class Engine>
  void see_touch(Engine const& engine, std::size_t s) {
    auto const& at = engine.positions();
    auto const& tape = engine.tape();
    auto const touch = touch_levels<double>(before_[s], at.stop[s], at.target[s], quoted(engine, tape.open, s),
                                    quoted(engine, tape.high, s), quoted(engine, tape.low, s), engine.fills());
    tell(engine, s, touch.price, touch.stopped ? Reason::stop : Reason::target);
  }

  template <class Engine>
  void see_decision(Engine const& engine, std::size_t s) {
    if (quoted(engine, engine.tape().open, s) == 0) return;  // decided before the halt
    auto const& at = engine.positions();
    auto patient = engine.rule();
    patient.holding = never_above;
    bool const by_signal = (decide<double>(engine.score(s), at.shares[s], 0, 0, true, patient) & order_exit) != 0;
    decided_[s] = by_signal ? Reason::signal : Reason::holding;
  }

  template <class Engine>
  void tell(Engine const& engine, std::size_t s, double price, Reason reason) {
    Trade& trade = open_[s];
    auto const fill = close_position<double>(before_[s], 0.0, true, price, engine.fills());
    trade.exit_bar = engine.bar();
    trade.exit_shares = before_[s];
    trade.exit_price_usd = price;
    trade.reason = reason;
    trade.fees_usd += to_usd(to_money(fill.fee));
    trade.result_usd += to_usd(to_money(fill.received)) - trade.fees_usd + trade.dividends_usd;
    sink_.on_trade(trade);
    trade = Trade{};
    before_[s] = 0;
  }

  Lanes<Trade> open_;     ///< entry_shares 0: none
  Lanes<double> before_;  ///< shares before the stage
  Lanes<Reason> decided_{open_.size()};
  DetailSink& sink_;
};

}  // namespace

Tally tell_detail(Plan const& plan, Rule const& rule, Span span, DetailSink& sink) {
  DetailWatch watch(plan.market->padded, sink);
  HostEngine<double, DetailWatch> engine(plan, plan.market->full, watch);
  engine.load(rule);
  return engine.run(span);
}

MUSTER_BACKTEST_END

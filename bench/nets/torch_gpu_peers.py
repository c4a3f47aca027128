#!/usr/bin/env python3
"""bench/nets/torch_gpu_peers.py [SECONDS] [WIDTHS] [BATCHES] [KINDS] - training steps of PyTorch in bf16 on the first GPU, by its ways to run them.

Networks of 8 inputs, SiLU and one output; fused AdamW; batches that lie on the card. `autocast` keeps weights in fp32, `bf16` has none
but bf16. gpu_nets_bench runs muster beside it. WIDTHS, as 160,512, picks networks, and so do
BATCHES and KINDS (plain,slopes)."""
import statistics
import sys
import time

import torch

NETS = [(160, 4), (512, 5), (1472, 6)]


def network(width, layers):
    modules, inputs = [], 8
    for _ in range(layers):
        modules += [torch.nn.Linear(inputs, width), torch.nn.SiLU()]
        inputs = width
    return torch.nn.Sequential(*modules, torch.nn.Linear(inputs, 1)).cuda()


def loss_of(net, kind, autocast):
    def plain(x, y, dydx):
        with torch.autocast("cuda", torch.bfloat16, enabled=autocast):
            return ((net(x) - y) ** 2).mean()

    def differential(x, y, dydx):
        def summed(at):
            found = net(at)
            return found.sum(), found

        with torch.autocast("cuda", torch.bfloat16, enabled=autocast):
            slope, found = torch.func.grad(summed, has_aux=True)(x)
            return ((found - y) ** 2).mean() + ((slope - dydx) ** 2).mean()

    return differential if kind == "slopes" else plain


def graph_of(step):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def step_of(width, layers, batch, kind, weights, way):
    net = network(width, layers)
    kinds = torch.float32 if weights == "autocast" else torch.bfloat16
    net.to(kinds)
    x, y, dydx = (torch.rand(batch, n, device="cuda").to(kinds) for n in (8, 1, 8))
    optimizer = torch.optim.AdamW(net.parameters(), fused=True, capturable=True)
    loss = loss_of(net, kind, weights == "autocast")
    if way in ("compiled", "compiled, graph"):
        loss = torch.compile(loss)
    if way == "max-autotune":
        loss = torch.compile(loss, mode="max-autotune")

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(x, y, dydx).backward()
        optimizer.step()

    return graph_of(step) if "graph" in way else step


def seconds_of(step, limit_s):
    for _ in range(5):
        step()
    torch.cuda.synchronize()
    taken, start = [], time.monotonic()
    while time.monotonic() - start < limit_s or len(taken) < 5:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        step()
        end.record()
        end.synchronize()
        taken.append(begin.elapsed_time(end) * 1e-3)
    return statistics.median(taken)


def measure(width, layers, batch, kind, weights, way, limit_s):
    try:
        took = seconds_of(step_of(width, layers, batch, kind, weights, way), limit_s)
        told = f"{took * 1e3:8.3f} {batch / took:10.3g}"
    except Exception as fault:  # a way that a PyTorch cannot go is told, and the others go on
        told = f"{type(fault).__name__}: {str(fault).splitlines()[0][:60]}"
    torch._dynamo.reset()
    print(f"{width:>6} x {layers} {batch:>7} {kind:>6} {weights:>8} {way:>16} {told}", flush=True)


def picked(place, names):
    return sys.argv[place].split(",") if len(sys.argv) > place else names


def main():
    limit_s = float(picked(1, ["0.3"])[0])
    widths = [int(w) for w in picked(2, [width for width, _ in NETS])]
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}")
    print(f"{'network':>10} {'batch':>7} {'':>6} {'weights':>8} {'way':>16} {'ms':>8} {'samples/s':>10}")
    for width, layers in [net for net in NETS if net[0] in widths]:
        for batch in [int(b) for b in picked(3, [131072, 1024])]:
            for kind in picked(4, ["plain", "slopes"]):
                for way in ("default", "graph", "compiled, graph", "max-autotune"):
                    for weights in ("autocast", "bf16"):
                        measure(width, layers, batch, kind, weights, way, limit_s)


if __name__ == "__main__":
    main()

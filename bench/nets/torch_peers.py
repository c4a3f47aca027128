#!/usr/bin/env python3
"""bench/nets/torch_peers.py NETS_BENCH [SECONDS] - training steps of muster and of PyTorch on one core, in turns, as ratios.

Networks of 8 inputs, SiLU and one output; AdamW. PyTorch runs its default mode, fused AdamW, fp32; core seconds of the fastest step
of each, best of three turns. The floor is the same core's largest matrix product in PyTorch (1024 cubed)."""
import json
import subprocess
import sys
import time

import torch

NETS = [(160, 4, 1024), (160, 4, 64), (512, 5, 256), (512, 5, 64), (1472, 6, 256)]


def fastest(step, seconds):
    step()
    step()
    best, start = float("inf"), time.thread_time()
    while time.thread_time() - start < seconds:
        begin = time.thread_time()
        step()
        best = min(best, time.thread_time() - begin)
    return best


def torch_step(width, layers, batch, slopes):
    modules, inputs = [], 8
    for _ in range(layers):
        modules += [torch.nn.Linear(inputs, width), torch.nn.SiLU()]
        inputs = width
    net = torch.nn.Sequential(*modules, torch.nn.Linear(inputs, 1))
    optimizer = torch.optim.AdamW(net.parameters(), fused=True)
    x, y, dydx = torch.rand(batch, 8), torch.rand(batch, 1), torch.rand(batch, 8)

    def plain():
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()

    def differential():
        optimizer.zero_grad()
        at = x.clone().requires_grad_(True)
        found = net(at)
        slope, = torch.autograd.grad(found.sum(), at, create_graph=True)
        (((found - y) ** 2).mean() + ((slope - dydx) ** 2).mean()).backward()
        optimizer.step()

    return differential if slopes else plain


def main():
    bench, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    torch.set_num_threads(1)
    a = torch.rand(1024, 1024)
    floor = 2 * 1024 ** 3 / fastest(lambda: a @ a, seconds)
    print(f"PyTorch {torch.__version__}, 1024 cubed: {floor * 1e-9:.1f} GFLOP/s\n")
    print(f"{'parameters':>10} {'batch':>6} {'':>7} {'muster ms':>10} {'GFLOP/s':>8} {'of floor':>9} {'torch ms':>10} {'ratio':>6}")
    for width, layers, batch in NETS:
        for kind in ("plain", "slopes"):
            own, peer = None, float("inf")
            for _ in range(3):
                told = json.loads(subprocess.run([bench, str(width), str(layers), str(batch), kind, str(seconds)], check=True,
                                                 capture_output=True, text=True).stdout)
                own = told if own is None or told["step_s"] < own["step_s"] else own
                peer = min(peer, fastest(torch_step(width, layers, batch, kind == "slopes"), seconds))
            print(f"{own['parameters']:>10} {batch:>6} {kind:>7} {own['step_s'] * 1e3:>10.3f} {own['gflops']:>8.1f} "
                  f"{own['gflops'] * 1e9 / floor:>9.2f} {peer * 1e3:>10.3f} {peer / own['step_s']:>6.2f}", flush=True)


if __name__ == "__main__":
    main()

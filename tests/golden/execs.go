package main

import (
	"net"

	"github.com/moby/buildkit/client/llb"
)

func sh(script string) llb.RunOption {
	return llb.Args([]string{"/bin/sh", "-c", script})
}

func execs() graphs {
	base := alpine()
	run := func(opts ...llb.RunOption) llb.State {
		return base.Run(append([]llb.RunOption{sh("true")}, opts...)...).Root()
	}
	return graphs{
		"exec":         run(),
		"exec-scratch": llb.Scratch().Run(llb.Args([]string{"/tool", "", "two words"})).Root(),
		"exec-chain":   base.Run(sh("one")).Run(sh("two")).Run(sh("three")).Root(),
		"exec-env": base.AddEnv("A", "1").AddEnv("B", "2").AddEnv("EMPTY", "").AddEnv("A", "3=4").
			Run(sh("true")).Root(),
		"exec-meta": base.Dir("/work").User("app:app").Hostname("builder").
			Run(sh("true"), llb.WithCgroupParent("/build")).Root(),
		"exec-hosts": run(
			llb.AddExtraHost("db", net.IPv4(10, 0, 0, 1)), llb.AddExtraHost("six", net.ParseIP("2001:db8::1")),
		),
		"exec-ulimits": run(
			llb.AddUlimit(llb.UlimitNofile, 1024, 2048), llb.AddUlimit(llb.UlimitCore, -1, -1),
		),
		"exec-exit-codes":    run(llb.ValidExitCodes(0, 3, 255)),
		"exec-network-none":  base.Network(llb.NetModeNone).Run(sh("true")).Root(),
		"exec-network-host":  base.Network(llb.NetModeHost).Run(sh("true")).Root(),
		"exec-insecure":      base.Security(llb.SecurityModeInsecure).Run(sh("true")).Root(),
		"exec-inherit-arm64": alpine(llb.LinuxArm64).Run(sh("true")).Run(sh("more")).Root(),
		"exec-platform":      run(llb.LinuxS390x),
		"exec-proxy": run(llb.WithProxy(llb.ProxyEnv{
			HTTPProxy: "http://p:1", HTTPSProxy: "http://p:2", FTPProxy: "http://p:3", NoProxy: "localhost", AllProxy: "http://p:4",
		})),
		"exec-devices": run(
			llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/gpu=0")),
			llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/tpu=all"), llb.CDIDeviceOptional),
		),
		"exec-secrets": run(
			llb.AddSecret("/run/secrets/z", llb.SecretID("z")),
			llb.AddSecret("/run/secrets/a", llb.SecretID("a"), llb.SecretOptional, llb.SecretFileOpt(1, 2, 0o440)),
		),
		"exec-secret-env": run(
			llb.AddSecret("TOKEN", llb.SecretID("token"), llb.SecretAsEnv(true)),
			llb.AddSecret("MAYBE", llb.SecretID("maybe"), llb.SecretAsEnv(true), llb.SecretOptional),
		),
		"exec-ssh": run(llb.AddSSHSocket(llb.SSHID("default"))),
		"exec-ssh-options": run(
			llb.AddSSHSocket(llb.SSHID("first"), llb.SSHSocketOpt("/agent", 3, 4, 0o660), llb.SSHOptional),
			llb.AddSSHSocket(llb.SSHID("second")),
		),
		"exec-ssh-env": base.AddEnv("SSH_AUTH_SOCK", "/mine").Run(sh("true"), llb.AddSSHSocket(llb.SSHID("default"))).Root(),
	}
}

func mounts() graphs {
	base, tool := alpine(), llb.Image("tool")
	empty := llb.Scratch()
	run := func(opts ...llb.RunOption) llb.ExecState {
		return base.Run(append([]llb.RunOption{sh("true")}, opts...)...)
	}
	every := run(
		llb.AddMount("/z", clientContext()),
		llb.AddMount("/a/b", tool, llb.Readonly),
		llb.AddMount("/a", empty, llb.ForceNoOutput),
		llb.AddMount("/cache", empty, llb.AsPersistentCacheDir("id", llb.CacheMountLocked)),
		llb.AddMount("/tmp", empty, llb.Tmpfs()),
		llb.AddMount("/a-b", empty),
		llb.AddSecret("/secret", llb.SecretID("s")),
		llb.AddSSHSocket(llb.SSHID("default")),
	)
	return graphs{
		"mount-bind":      run(llb.AddMount("/src", clientContext(), llb.Readonly)).Root(),
		"mount-selector":  run(llb.AddMount("/src", clientContext(), llb.SourcePath("/lib"), llb.Readonly)).Root(),
		"mount-same":      run(llb.AddMount("/one", base, llb.Readonly), llb.AddMount("/two", base)).Root(),
		"mount-no-output": run(llb.AddMount("/src", clientContext(), llb.ForceNoOutput)).Root(),
		"mount-output":    run().AddMount("/out", empty),
		"mount-content-cache": run(
			llb.AddMount("/on", clientContext(), llb.ContentCache(llb.MountContentCacheOn)),
			llb.AddMount("/off", tool, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		).Root(),
		"mount-read-only-root": base.Run(sh("true"), llb.ReadonlyRootFS()).AddMount("/out", empty),
		"mount-caches": run(
			llb.AddMount("/shared", empty, llb.AsPersistentCacheDir("s", llb.CacheMountShared)),
			llb.AddMount("/private", empty, llb.AsPersistentCacheDir("p", llb.CacheMountPrivate)),
			llb.AddMount("/locked", tool, llb.AsPersistentCacheDir("l", llb.CacheMountLocked), llb.SourcePath("/seed"), llb.Readonly),
		).Root(),
		"mount-tmpfs":       run(llb.AddMount("/tmp", empty, llb.Tmpfs()), llb.AddMount("/big", empty, llb.Tmpfs(llb.TmpfsSize(1<<33)))).Root(),
		"mount-every-kind":  every.Root(),
		"mount-every-first": every.GetMount("/a-b"),
		"mount-every-last":  every.GetMount("/z"),
	}
}

//go:build !windows

package lambdaruntime

import "syscall"

// ownGroup starts a process in its own group, so that it does not receive the signals that a
// terminal sends to the group of this process.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

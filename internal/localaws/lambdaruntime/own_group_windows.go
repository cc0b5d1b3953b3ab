package lambdaruntime

import "syscall"

// ownGroup starts a process in its own group, so that it does not receive the Ctrl-C that a
// console sends to the group of this process.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

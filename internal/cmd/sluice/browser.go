package main

import (
	"os"
	osexec "os/exec"
	"runtime"
)

// browse opens a page in this machine's browser. It returns false where there is none, or where
// nobody could see it, as over SSH.
func browse(url string) bool {
	name, args := opener(runtime.GOOS, os.Getenv)
	if name == "" {
		return false
	}
	opening := osexec.Command(name, append(args, url)...)
	if opening.Start() != nil {
		return false
	}
	go func() { _ = opening.Wait() }() // the page's URL is printed in any case
	return true
}

// opener returns the program of an operating system that opens a URL, or "" if nobody sits before
// the machine.
func opener(system string, getenv func(string) string) (name string, args []string) {
	switch {
	case system == "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	case getenv("SSH_CONNECTION") != "":
		return "", nil
	case system == "darwin":
		return "open", nil
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		return "xdg-open", nil
	}
	return "", nil
}

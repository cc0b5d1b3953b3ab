// Package picture is a deployment as people are shown it: what was planned, what
// has happened so far, and where it stands at any time. Run is where to begin. The
// packages below it draw a Run: screen in a terminal, page in a file.
package picture

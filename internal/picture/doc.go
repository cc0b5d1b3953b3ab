// Package picture models a deployment for display: what was planned, what has happened
// so far, and where it stands at any time. Start at Run. The packages below it draw a
// Run: screen in a terminal, page in an HTML file.
package picture

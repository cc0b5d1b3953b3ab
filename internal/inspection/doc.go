// Package inspection finds out in an account whether a deployment would work as it is meant to,
// before it starts, and changes nothing. It asks Publish's and Open's own checks (package task),
// and looks at what they do not see: what Sluice's roles allow, who invokes the functions beside
// their aliases, their concurrency, and whether their traffic is enough for the plan. Start at
// Inspector.Inspect.
package inspection

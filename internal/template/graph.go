package template

import "slices"

// graph is who refers to whom among the resources of a template.
type graph struct {
	edges map[string][]string
	// counts are the resources that add one to a depth.
	counts map[string]bool

	// Tarjan's algorithm finds the circles. order is when a resource was first seen, low the
	// earliest resource that it leads back to.
	order, low map[string]int
	stack      []string
	onStack    map[string]bool
	depths     map[string]int
	// circles are those with a resource that counts.
	circles [][]string
}

// newGraph reads the references of all resources. The template must not have changed.
func newGraph(resources *node, counts map[string]bool) *graph {
	g := &graph{
		edges: map[string][]string{}, counts: counts,
		order: map[string]int{}, low: map[string]int{}, onStack: map[string]bool{}, depths: map[string]int{},
	}
	known := map[string]bool{}
	for _, m := range resources.members {
		known[m.key] = true
	}
	for _, m := range resources.members {
		to := m.value.references()
		slices.Sort(to)
		to = slices.DeleteFunc(slices.Compact(to), func(id string) bool { return !known[id] })
		g.edges[m.key] = to
	}
	for _, m := range resources.members {
		if g.order[m.key] == 0 {
			g.search(m.key)
		}
	}
	return g
}

// depth returns how many resources that count lie one behind the other on the longest way from a
// resource, with itself. Resources that count and have the same depth do not reach each other.
func (g *graph) depth(id string) int { return g.depths[id] }

func (g *graph) search(id string) {
	g.order[id] = len(g.order) + 1
	g.low[id] = g.order[id]
	g.stack, g.onStack[id] = append(g.stack, id), true
	for _, to := range g.edges[id] {
		switch {
		case g.order[to] == 0:
			g.search(to)
			g.low[id] = min(g.low[id], g.low[to])
		case g.onStack[to]:
			g.low[id] = min(g.low[id], g.order[to])
		}
	}
	if g.low[id] == g.order[id] {
		g.settle(g.stack[slices.Index(g.stack, id):])
		g.stack = g.stack[:slices.Index(g.stack, id)]
	}
}

// settle sets the depth of resources that all reach each other, or of a single one. All that they
// refer to is settled.
func (g *graph) settle(members []string) {
	depth, counting := 0, false
	for _, id := range members {
		g.onStack[id] = false
		counting = counting || g.counts[id]
		for _, to := range g.edges[id] {
			depth = max(depth, g.depths[to])
		}
	}
	if counting {
		depth++
	}
	for _, id := range members {
		g.depths[id] = depth
	}
	if isCircle := len(members) > 1 || slices.Contains(g.edges[members[0]], members[0]); isCircle && counting {
		g.circles = append(g.circles, slices.Clone(members))
	}
}

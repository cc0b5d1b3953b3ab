package dynamodb

// projection is a parsed projection expression.
type projection struct {
	paths []path
	placeholders
}

// parseProjection parses document paths separated by commas.
func parseProjection(source string) (*projection, error) {
	p := newParser(source)
	var paths []path
	p.list(func() { paths = append(paths, p.path()) })
	if err := p.finish(); err != nil {
		return nil, err
	}
	return &projection{paths, placeholders{p.aliases, p.values}}, nil
}

// bind returns the resolved paths, or an error if they are invalid.
func (p *projection) bind(b *binding) ([]path, error) {
	resolved := make([]path, len(p.paths))
	for i, each := range p.paths {
		if err := each.check(b); err != nil {
			return nil, err
		}
		resolved[i] = each.resolve(b)
	}
	return resolved, checkDisjoint(resolved)
}

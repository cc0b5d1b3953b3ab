package dynamodb

// getItem answers GetItem.
func (db *Database) getItem(q *request) ([]byte, error) {
	e, t, err := db.read(q)
	if err != nil {
		return nil, err
	}
	if err := t.checkKeyNotEmpty(q.key); err != nil {
		return nil, err
	}
	if err := t.checkKey(q.key); err != nil {
		return nil, err
	}
	if err := t.checkScalarKeys(e.projection); err != nil {
		return nil, err
	}
	it := t.get(t.addressOf(q.key))
	if it == nil {
		return []byte("{}"), nil
	}
	return itemBody("Item", e.project(it)), nil
}

// itemBody returns a response body with one item, or an empty body if there is no item.
func itemBody(member string, it Item) []byte {
	if it == nil {
		return []byte("{}")
	}
	buf := make([]byte, 0, 2*it.size()+64)
	buf = append(append(append(buf, `{"`...), member...), `":`...)
	buf = it.append(buf)
	return append(buf, '}')
}

// checkScalarKeys returns an error for a path into a key attribute, because keys are
// strings.
func (t *table) checkScalarKeys(paths []path) error {
	for _, p := range paths {
		for _, name := range t.keyNames() {
			if len(p) > 1 && p[0].name == name {
				return invalid("Key attributes must be scalars; "+
					"list random access '[]' and map lookup '.' are not allowed: Key: %s", name)
			}
		}
	}
	return nil
}

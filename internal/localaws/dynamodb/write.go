package dynamodb

// maxItemSize is the maximum size of an item, in bytes (developer guide, "Limits: Item
// size").
const maxItemSize = 400 << 10

// write is one write that is being processed: PutItem, UpdateItem, DeleteItem, or an
// action of a transaction.
type write struct {
	*request
	*expressions
	table *table
	at    address
}

// effect is the result of a write: the item before and after it. Either is nil if no
// item exists.
type effect struct{ before, after Item }

// writeItem answers PutItem, UpdateItem and DeleteItem.
func (db *Database) writeItem(q *request) ([]byte, error) {
	w, err := newWrite(q)
	if err != nil {
		return nil, err
	}
	if err := w.findTable(db); err != nil {
		return nil, err
	}
	done, err := w.decide()
	if err != nil {
		return nil, err
	}
	w.commit(done)
	db.notify(w, done)
	return itemBody("Attributes", w.attributesToReturn(done)), nil
}

// newWrite makes all checks of a write that do not need its table.
func newWrite(q *request) (*write, error) {
	e, err := bindExpressions(q)
	if err != nil {
		return nil, err
	}
	switch q.returnValues {
	case "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW":
		if q.operation != "UpdateItem" {
			return nil, invalid("ReturnValues can only be ALL_OLD or NONE")
		}
	}
	if q.item.size() > maxItemSize {
		return nil, invalid("Item size has exceeded the maximum allowed size")
	}
	return &write{request: q, expressions: e}, nil
}

// findTable finds the table and checks that no part of the key is empty.
func (w *write) findTable(db *Database) error {
	t, err := db.table(w.tableName)
	if err != nil {
		return err
	}
	w.table = t
	return t.checkKeyNotEmpty(w.keySource())
}

// keySource returns the attributes that contain the key.
func (w *write) keySource() Item {
	if w.item != nil {
		return w.item
	}
	return w.key
}

// locate checks the key and finds the item's address.
func (w *write) locate() error {
	check := w.table.checkKey
	if w.item != nil {
		check = w.table.checkItem
	}
	if err := check(w.keySource()); err != nil {
		return err
	}
	w.at = w.table.addressOf(w.keySource())
	return w.checkTargets()
}

// checkTargets returns an error for an update of the key.
func (w *write) checkTargets() error {
	for _, target := range w.targets {
		for _, name := range w.table.keyNames() {
			if target[0].name == name {
				return invalid("One or more parameter values were invalid: "+
					"Cannot update attribute %s. This attribute is part of the key", name)
			}
		}
	}
	return nil
}

// decide evaluates the condition and computes the effect. It stores nothing.
func (w *write) decide() (effect, error) {
	if err := w.locate(); err != nil {
		return effect{}, err
	}
	before := w.table.get(w.at)
	if !w.holds(before) {
		f := &fault{name: conditionalCheckFailed, message: "The conditional request failed"}
		if w.returnOnFailure == "ALL_OLD" {
			f.item = before
		}
		return effect{}, f
	}
	after, err := w.after(before)
	return effect{before, after}, err
}

func (w *write) after(before Item) (Item, error) {
	switch w.operation {
	case "PutItem", "Put":
		return w.item, nil
	case "DeleteItem", "Delete":
		return nil, nil
	case "ConditionCheck":
		return before, nil
	default:
		return w.applyUpdate(before)
	}
}

// applyUpdate returns the item after an update. If no item exists, the update applies
// to an item that has only the key.
func (w *write) applyUpdate(before Item) (Item, error) {
	if before == nil {
		before = w.key
	}
	if w.update == nil {
		return before, nil
	}
	after, err := w.update.apply(&w.binding, w.targets, before)
	if err != nil {
		return nil, err
	}
	if after.size() > maxItemSize {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	if !(Value{kind: kindMap, fields: after}).isWithinLevels(maxLevels + 1) {
		return nil, errTooDeep()
	}
	return after, nil
}

// commit stores the effect.
func (w *write) commit(done effect) {
	switch {
	case w.operation == "ConditionCheck":
	case done.after == nil:
		w.table.remove(w.at)
	default:
		w.table.put(w.at, done.after)
	}
}

// attributesToReturn returns the attributes that ReturnValues asks for, or nil.
func (w *write) attributesToReturn(done effect) Item {
	switch w.returnValues {
	case "ALL_OLD":
		return done.before
	case "ALL_NEW":
		return done.after
	case "UPDATED_OLD":
		return pickOrNil(done.before, w.targets)
	case "UPDATED_NEW":
		return pickOrNil(done.after, w.targets)
	default:
		return nil
	}
}

// pickOrNil is pick, but returns nil instead of an empty item.
func pickOrNil(it Item, paths []path) Item {
	picked := pick(it, paths)
	if len(picked) == 0 {
		return nil
	}
	return picked
}

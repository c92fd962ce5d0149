# make pictures: the pictures of memory in docs/pictures/, taken anew from a running PC.
# make policy-table: the tables of page faults by replacement policy in docs/demos/, measured anew.

.PHONY: pictures
pictures: image
	$(say) PICTURES "of RAM, idle, under pressure and after fork; and of a run"
	$(Q)$(PYTHON) tools/pictures.py build/quire.img

.PHONY: policy-table
policy-table: image
	$(say) POLICIES "page faults of demonstrations, each policy in a PC of its own"
	$(Q)$(PYTHON) tools/policy_table.py build/quire.img --write

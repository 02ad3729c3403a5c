// SPDX-License-Identifier: GPL-2.0-or-later
// The PCI buses of a machine and what sits on them; who comes where is decided in address_pci.c.
#pragma once

#include "qemu/address/internal.h"

enum { PCI_BUS_MAX = 256, PCI_SLOTS = 32, PCI_FUNCTIONS = 8 };

enum place_kind {
    PLACE_NONE,
    PLACE_ROOT_PCI,
    PLACE_ROOT_PCIE,
    PLACE_BRIDGE,
    PLACE_DMI, // holds bridges
    PLACE_PORT,
    PLACE_UPSTREAM
};

struct pci_bus {
    enum place_kind kind;
    bool hotplug;
    bool used[PCI_SLOTS][PCI_FUNCTIONS];
    const struct device *owner[PCI_SLOTS][PCI_FUNCTIONS]; // NULL and used: the chipset
};

struct pci_map {
    const struct domain_def *def;
    enum chipset chipset;
    struct pci_bus *bus; // PCI_BUS_MAX of them
    size_t n;            // highest index + 1
};

void pci_map_finish(struct pci_map *m);
#define AUTO_PCI_MAP CLEANUP(pci_map_finish) struct pci_map

// Without any bus but what the chipset itself occupies of the root's.
void pci_map_init(struct pci_map *m, const struct domain_def *def);
// The bus behind a controller whose index is below PCI_BUS_MAX.
void pci_map_add_bus(struct pci_map *m, const struct domain_controller *c);

bool pci_has_address(const struct device *dev);
bool pci_slot_free(const struct pci_map *m, unsigned bus, unsigned slot);
// Gives a device an address that is free.
void pci_put(struct pci_map *m, struct device *dev, unsigned bus, unsigned slot, unsigned function);
// Puts a device that has an address in its place: an error when that is not there, or taken.
int pci_keep(struct pci_map *m, struct device *dev, struct error *err);
// The first free slot on a bus of one of two kinds; with hotplug only where devices can be plugged.
bool pci_find_slot(const struct pci_map *m, enum place_kind a, enum place_kind b, bool hotplug,
                   unsigned *bus, unsigned *slot);
size_t pci_free_slots(const struct pci_map *m, enum place_kind a, enum place_kind b);
bool pci_has_bus(const struct pci_map *m, enum place_kind kind);

"""Who the sample stories are about: children, animals that talk, and the grown-ups they ask."""

from __future__ import annotations

from mistudio_core.example.plot import listed

GIRLS = listed("""
    Mira, Odile, Tilda, Priya, Zoë, Hana, Lucinda, Freya, Amara, Beatriz, Clementine, Daphne, Esme, Farah, Greta,
    Imogen, Juno, Kirsten, Leila, Matilda, Nadia, Orla, Petra, Queenie, Rosalind, Saskia, Tamsin, Ulla, Vera, Wanda,
    Yasmin, Zelda, Anaïs, Bronwyn, Celeste, Dorothea, Elowen, Fiona, Gwendolyn, Hester, Ingrid, Josefina, Kalinda,
    Lotte, Marigold, Noémie, Olympia, Paloma, Rowena, Sunniva, Thora, Winifred, Ayumi, Chidinma, Nilufar
""")
BOYS = listed("""
    Tomas, Bastian, Casper, Dmitri, Elias, Fergus, Gideon, Hugo, Ivo, Jasper, Kofi, Leopold, Magnus, Nikolai, Oscar,
    Percy, Quentin, Rafael, Stellan, Theo, Umberto, Viktor, Wilbur, Xavier, Yusuf, Zachary, Anton, Barnaby, Cedric,
    Desmond, Emil, Felix, Gustav, Horatio, Ignatius, Jonah, Konrad, Laszlo, Mortimer, Nathaniel, Orson, Pascal,
    Rupert, Søren, Tobias, Ulysses, Vincent, Walter, José, Kenji, Babajide, Ravi, Mateo, Arjun, Jörg
""")
PET_NAMES = listed("""
    Bramble, Pepper, Thimble, Clover, Biscuit, Acorn, Nutmeg, Pippin, Bracken, Ginger, Tansy, Button, Sorrel, Fern,
    Tuppence, Marrow, Bumble, Quill, Rusty, Domino, Mustard, Patches, Waffle, Juniper, Muffin, Sparrowhawk, Twig,
    Cinnamon, Flint, Puddle, Hazel, Nettle, Truffle, Teasel, Snowdrop, Bilberry, Cobweb, Dandelion, Figgy, Whiskers
""")
ANIMALS = listed("""
    hedgehog, fox, badger, rabbit, otter, squirrel, mole, mouse, beaver, hare, weasel, robin, duck, goose, owl,
    raccoon, bear cub, hamster, tortoise, frog, toad, lamb, piglet, pony, kitten, puppy, stoat, heron, magpie, donkey
""")
TRAITS = listed("""
    curious, shy, cheerful, thoughtful, brave, clever, careful, quiet, restless, dreamy, stubborn, kind, patient,
    clumsy, polite, faithful, bold, hungry, sleepy, daring, forgetful, talkative, nimble, sensible, playful, gentle,
    lively, earnest, plucky, freckled, barefoot, bashful
""")
RELATIONS = listed("friend, cousin, neighbour, classmate, best friend, old friend")
TRADE_TITLES = {"she": listed("Mrs, Mrs, Miss, old Mrs"), "he": listed("Mr, Mr, old Mr")}
FAMILY_TITLES = {"she": listed("Aunt, Granny, Nana, Great-aunt"), "he": listed("Uncle, Grandpa, Grandad, Great-uncle")}
SURNAMES = listed("""
    Pell, Finch, Rusk, Appleby, Thistlewood, Okonkwo, Marlowe, Quimby, Barnstable, Fennimore, Grimsby, Halloran,
    Ibsen, Jellicoe, Kowalski, Larkspur, Munro, Nightingale, Oakes, Pumphrey, Quill, Rosenbaum, Sandoval, Tiddle,
    Underhill, Vasquez, Wetherby, Yamamoto, Zimmer, Abernathy, Bellweather, Crumb, Dupont, Eriksen, Fairweather
""")
TRADES = listed("""
    baker, clockmaker, gardener, librarian, beekeeper, tailor, teacher, doctor, shepherd, cobbler, painter, carpenter,
    miller, fiddler, stationmaster, blacksmith, potter, weaver, astronomer, cheesemaker, innkeeper, candlemaker,
    gatekeeper, bookbinder, glassblower, lamplighter, vet, captain, sailmaker, organist
""")

SHE = {"he": "she", "him": "her", "his": "her", "himself": "herself"}
HE = {"he": "he", "him": "him", "his": "his", "himself": "himself"}

from . import test_factur_x, test_ubl
